"""Both reconstructions, in every precision, keep to one contract."""

from __future__ import annotations

import pytest
import torch

from distill_export.graph.base import Synthesizer
from distill_export.graph.build import build_synthesizer
from distill_export.graph.decoder.row_by_row import RowByRowDecoder
from distill_export.model.file import LoadedModel, load_model
from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import PRECISIONS, RECONSTRUCTIONS, AudioGrid
from tests.distill_export.model_files import model_content, write

STEP, DIM = 24_064, 16


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_model(write(model_content(), tmp_path_factory.mktemp("model") / "tiny.distill"))


@pytest.fixture(scope="module", params=RECONSTRUCTIONS)
def synthesizer(request: pytest.FixtureRequest, loaded: LoadedModel) -> Synthesizer:
    return build_synthesizer(loaded, reconstruction=request.param, quality=1)


def latents(steps: int, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, steps, DIM, generator=torch.Generator().manual_seed(steps))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("reconstruction", RECONSTRUCTIONS)
def test_the_module_is_the_one_asked_for(
    loaded: LoadedModel, reconstruction: str, precision: str
) -> None:
    module = build_synthesizer(loaded, reconstruction=reconstruction, precision=precision)
    assert (module.reconstruction, module.decoder.precision) == (reconstruction, precision)
    assert module.decoder.is_exact == (precision == "float32")
    assert module.decoder.latent_dim == DIM
    assert module.grid == AudioGrid(48_000, 2048, 512, 128, 94, 47)
    assert not module.training
    assert not any(value.requires_grad for value in module.parameters())
    latent = latents(3)[0]
    assert module.decoder(latent).shape == (3, 2, 128, 94)


@pytest.mark.parametrize("finish", [False, True])
@pytest.mark.parametrize("batch", [1, 2])
def test_the_sizes_are_the_contracts(synthesizer: Synthesizer, batch: int, finish: bool) -> None:
    state = torch.zeros(batch, synthesizer.state_size)
    with torch.inference_mode():
        audio, next_state, mel = synthesizer(latents(2, batch), state, torch.tensor(finish))
    assert audio.shape == (batch, STEP * (2 + finish) + synthesizer.latency_samples * finish)
    assert next_state.shape == state.shape
    assert bool(next_state.any()) != finish
    assert mel.shape == (batch, 2, 128, 47 * (2 + finish))
    assert not audio[:, : synthesizer.latency_samples].any()


def test_mel_frames_alone_are_resynthesised_to_the_same_sound(synthesizer: Synthesizer) -> None:
    state = torch.zeros(2, synthesizer.state_size)
    with torch.inference_mode():
        audio, _, mel = synthesizer(latents(3, 2), state, torch.tensor(True))
        found = synthesizer.resynthesize(mel)
    assert found.shape == (2, 4 * STEP)
    assert found.std() > 1e-4
    assert snr_db(audio[:, synthesizer.latency_samples :].numpy(), found.numpy()) >= 110


def test_rows_are_decoded_one_by_one(loaded: LoadedModel) -> None:
    decoder = build_synthesizer(loaded).decoder
    one_by_one = RowByRowDecoder(decoder)
    assert (one_by_one.latent_dim, one_by_one.chunk_frames) == (DIM, 94)
    latent = latents(5)[0]
    expected = torch.cat([decoder(row[None]) for row in latent])
    assert torch.equal(one_by_one(latent), expected)
