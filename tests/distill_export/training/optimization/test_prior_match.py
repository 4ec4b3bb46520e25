from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from distill_export.training.optimization.prior_match import match_prior
from distill_export.training.optimization.trainer import Trainer


@pytest.fixture
def trainer(new_trainer: Callable[..., Trainer]) -> Trainer:
    trainer = new_trainer()
    for _ in range(trainer.steps_per_epoch):
        trainer.train_step()
    trainer.model.eval()
    with torch.no_grad():  # as much apart as a longer training would have put them
        trainer.model.encoder.fc_mu.weight *= 40
        trainer.model.encoder.fc_mu.bias += torch.linspace(-1, 1, 16)
        trainer.model.encoder.fc_logvar.bias += torch.linspace(-3, 0, 16)
    return trainer


def encode(trainer: Trainer) -> tuple[torch.Tensor, torch.Tensor]:
    batch = next(trainer.training.batches(1000))
    with torch.inference_mode():
        mu, logvar = trainer.model.encode(trainer.transform.normalize(batch, trainer.statistics))
    return mu.double(), logvar.double()


def match(trainer: Trainer) -> None:
    match_prior(trainer.model, trainer.statistics, trainer.training.batches(4))


def test_what_is_encoded_gets_the_moments_of_the_prior(trainer: Trainer) -> None:
    before, _ = encode(trainer)
    match(trainer)
    mu, logvar = encode(trainer)
    assert not torch.allclose(before, mu, atol=0.1)
    torch.testing.assert_close(mu.mean(dim=0), torch.zeros(16).double(), atol=1e-4, rtol=0)
    total = torch.cov(mu.T, correction=0) + torch.diag(logvar.exp().mean(dim=0))
    # Mean variances are right to second order, and off the diagonal posteriors have none.
    torch.testing.assert_close(total.diagonal(), torch.ones(16).double(), atol=0.02, rtol=0)


def test_what_comes_back_stays(trainer: Trainer) -> None:
    batch = next(trainer.training.batches(1000))
    batch = trainer.transform.normalize(batch, trainer.statistics)
    with torch.inference_mode():
        before = trainer.model.decode(trainer.model.encode(batch)[0])
        match(trainer)
        after = trainer.model.decode(trainer.model.encode(batch)[0])
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-3)


def test_seeds_are_drawn_where_recordings_are(trainer: Trainer) -> None:
    """A decoder's first layer answers seeds with the moments that it has of recordings."""
    fc = trainer.model.decoder.fc
    mu, logvar = encode(trainer)
    variance = torch.diag(logvar.exp().mean(dim=0))
    weight, bias = fc.weight.detach().double(), fc.bias.detach().double()
    expected_mean = weight @ mu.mean(dim=0) + bias
    expected = weight @ (torch.cov(mu.T, correction=0) + variance) @ weight.T
    match(trainer)
    weight, bias = fc.weight.detach().double(), fc.bias.detach().double()
    torch.testing.assert_close(bias, expected_mean, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(weight @ weight.T, expected, atol=1e-5, rtol=1e-3)
