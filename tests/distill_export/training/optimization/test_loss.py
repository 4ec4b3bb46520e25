from __future__ import annotations

import pytest
import torch

from distill_export.reference.complex_spectrogram import Statistics
from distill_export.reference.log_mel import level_db, log_mel_distance_db, mean_answer
from distill_export.training.data.augmentation import augment
from distill_export.training.optimization.loss import VAELoss
from distill_export.training.optimization.schedule import cosine_decay, kl_weight
from tests.distill_export.training.synthetic_recordings import tiny_settings

PLAIN = Statistics(mag_mean=0.0, mag_std=1.0, if_mean=0.0, if_std=1.0)


def batch(seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    magnitude = 6 * torch.rand(2, 1, 128, 94, generator=generator)
    frequency = 2 * torch.rand(2, 1, 128, 94, generator=generator) - 1
    return torch.cat([magnitude, frequency], dim=1)


def test_the_right_answer_costs_nothing() -> None:
    terms = VAELoss(PLAIN, tiny_settings(free_bits=0.0)).terms(
        batch(), batch(), torch.zeros(2, 16), torch.zeros(2, 16)
    )
    assert (terms.magnitude, terms.movement, terms.frequency, terms.charged_kl) == (0, 0, 0, 0)
    assert terms.kl == 0


def test_a_gain_costs_its_size() -> None:
    expected = torch.zeros(2, 2, 128, 94)
    expected[:, 0] = 9.0
    louder = expected.clone()
    louder[:, 0] = torch.log1p(2 * torch.expm1(torch.tensor(9.0)))
    terms = VAELoss(PLAIN, tiny_settings()).terms(
        louder, expected, torch.zeros(2, 16), torch.zeros(2, 16)
    )
    assert float(terms.magnitude) == pytest.approx(0.6931, abs=1e-4)
    assert float(terms.movement) == pytest.approx(0.0, abs=1e-4)


def test_every_second_frame_louder_costs_more_than_all_of_them() -> None:
    """The pattern of a transposed convolution, of the same error in level as a steady one."""
    expected = torch.zeros(2, 2, 128, 94)
    expected[:, 0] = 9.0
    signs = torch.arange(94) % 2 * 2.0 - 1.0
    found = expected.clone()
    found[:, 0] += 0.1 * signs
    loss = VAELoss(PLAIN, tiny_settings())
    latents = torch.zeros(2, 16), torch.zeros(2, 16)
    pattern = loss.terms(found, expected, *latents)
    steady = loss.terms(expected + 0.1, expected, *latents)
    assert float(pattern.magnitude) == pytest.approx(float(steady.magnitude), rel=1e-3)
    assert float(pattern.movement) == pytest.approx(0.2, abs=1e-3)
    assert loss.total(pattern, 0.0) > loss.total(steady, 0.0) + 0.05


def test_the_units_of_the_statistics_do_not_matter() -> None:
    stats = Statistics(mag_mean=1.5, mag_std=2.5, if_mean=-0.25, if_std=0.5)
    latents = torch.zeros(2, 16), torch.zeros(2, 16)
    mean, std = torch.tensor([1.5, -0.25]), torch.tensor([2.5, 0.5])
    found, expected = (
        (values - mean[:, None, None]) / std[:, None, None] for values in (batch(1), batch(2))
    )
    normalized = VAELoss(stats, tiny_settings()).terms(found, expected, *latents)
    plain = VAELoss(PLAIN, tiny_settings()).terms(batch(1), batch(2), *latents)
    torch.testing.assert_close(normalized.magnitude, plain.magnitude, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(normalized.frequency, plain.frequency, rtol=1e-4, atol=1e-4)


def test_phase_counts_only_where_there_is_sound() -> None:
    expected = batch()
    expected[:, 0, 64:] = 0.0
    found = expected.clone()
    found[:, 1, 64:] += 1.0
    latents = torch.zeros(2, 16), torch.zeros(2, 16)
    assert VAELoss(PLAIN, tiny_settings()).terms(found, expected, *latents).frequency == 0


def test_free_bits_are_free_and_have_no_gradient() -> None:
    mu = torch.full((2, 16), 0.1, requires_grad=True)
    terms = VAELoss(PLAIN, tiny_settings(free_bits=0.5)).terms(
        batch(), batch(), mu, torch.zeros(2, 16)
    )
    assert float(terms.charged_kl.detach()) == pytest.approx(8.0)
    assert float(terms.kl.detach()) == pytest.approx(16 * 0.005)
    terms.charged_kl.backward()
    assert mu.grad is not None and not mu.grad.any()


def test_gradients_are_finite_at_silence() -> None:
    found = torch.zeros(2, 2, 128, 94, requires_grad=True)
    loss = VAELoss(Statistics(mag_mean=-1.0, mag_std=1.0, if_mean=0.0, if_std=1.0), tiny_settings())
    terms = loss.terms(found, batch(), torch.zeros(2, 16), torch.zeros(2, 16))
    loss.total(terms, 0.1).backward()
    assert found.grad is not None and torch.isfinite(found.grad).all()
    assert found.grad[:, 0].any()  # also below silence there is a way up


def test_the_weight_of_the_kl_term_warms_up() -> None:
    weights = [kl_weight(i, 100, maximum=0.01, warmup_fraction=0.3) for i in range(100)]
    assert weights[0] == 0
    assert weights[15] == pytest.approx(0.005)
    assert weights[30:] == [0.01] * 70
    assert kl_weight(0, 100, maximum=0.01, warmup_fraction=0.0) == 0.01


def test_the_learning_rate_falls_to_a_hundredth() -> None:
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = cosine_decay(optimizer, 10)
    rates = []
    for _ in range(11):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert rates == sorted(rates, reverse=True)
    assert (rates[0], rates[-1]) == (1.0, pytest.approx(0.01))


def test_the_distance_is_in_decibels() -> None:
    quiet, loud = torch.log1p(torch.tensor([[10.0], [1000.0]]))
    assert float(log_mel_distance_db(loud[None], quiet[None])) == pytest.approx(20.0, abs=0.01)
    assert float(level_db(torch.tensor(0.0))) == pytest.approx(-20.0)
    assert float(level_db(torch.tensor(-5.0))) == pytest.approx(-20.0)


def test_the_mean_answer_is_the_mean_level() -> None:
    chunks = batch()
    answer = mean_answer(chunks.split(1))
    torch.testing.assert_close(
        level_db(answer), level_db(chunks[:, 0]).mean(dim=0), rtol=1e-3, atol=1e-3
    )


def test_augmentation_changes_level_and_tone_of_the_rows_that_are_meant() -> None:
    chunks = batch()
    altered = augment(chunks, torch.tensor([True, False]), torch.Generator().manual_seed(3))
    assert torch.equal(altered[1], chunks[1])
    assert torch.equal(altered[:, 1], chunks[:, 1])
    change = torch.log(torch.expm1(altered[0, 0]) / torch.expm1(chunks[0, 0])) * 10 / 2.302585
    per_band = change.median(dim=1).values
    torch.testing.assert_close(change, per_band[:, None].expand(-1, 94), rtol=0, atol=0.05)
    assert -12.1 < float(per_band.min()) <= float(per_band.max()) < 3.1
    silent = augment(torch.zeros(1, 2, 128, 94), torch.tensor([True]), torch.Generator())
    assert not silent.any()
