from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from distill_export.graph.decoder.folded import Float16Decoder, FoldedDecoder
from distill_export.graph.decoder.upsample import PointwiseUpsample
from distill_export.model.vae import VAEShape
from distill_runtime.audio.snr import snr_db
from tests.distill_export.model_files import tiny_model

SHAPES = {
    "tapering": VAEShape(16, (16, 8, 8, 4, 4), None),
    "widening": VAEShape(20, (2, 3, 5, 7, 9), None),
    "one channel": VAEShape(16, (1, 1, 1, 1, 1), None),
    "blocks of 16": VAEShape(33, (32, 32, 16, 32, 16), None),
    "wide": VAEShape(16, (8, 8, 4, 4, 4), None, base_width=5),
    "low and narrow": VAEShape(16, (8, 8, 4, 4, 4), None, base_height=1, base_width=1),
    "composed": VAEShape(16, (64, 8, 8, 4, 4), None),
    "wide and composed": VAEShape(16, (128, 16, 4, 4, 4), None, base_width=5),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_folding_never_takes_more_weights(shape: VAEShape) -> None:
    decoder = tiny_model(shape).decoder
    layers = [decoder.fc, *(layer for layer in decoder.deconvs if hasattr(layer, "stride"))]
    folded = FoldedDecoder(decoder, chunk_frames=94)
    held = sum(value.numel() for value in folded.parameters() if value.dim() > 1)
    separate = sum(layer.weight.numel() for layer in layers)
    assert held <= separate
    assert folded.starts_composed == (held < separate)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_the_folded_decoder_decodes_as_the_decoder(shape: VAEShape) -> None:
    model = tiny_model(shape)
    folded = FoldedDecoder(model.decoder, chunk_frames=shape.frames - 2).eval()
    z = torch.randn(3, shape.latent_dim, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        expected = model.decoder(z)[..., : shape.frames - 2]
        found = folded(z)
    assert found.shape == (3, 2, shape.n_mels, shape.frames - 2)
    assert expected.std() > 1e-3
    torch.testing.assert_close(found, expected, rtol=0, atol=5e-6)


def test_extreme_values_keep_softplus_and_tanh_finite() -> None:
    model = tiny_model()
    folded = FoldedDecoder(model.decoder, chunk_frames=94).eval()
    before = folded.last.weight.shape[1]
    with torch.inference_mode():
        for value in (-1e4, -100.0, 0.0, 100.0, 1e4):
            folded.last = PointwiseUpsample(torch.zeros(before, 2, 3, 3), torch.full((2,), value))
            chunk = folded(torch.zeros(1, 16))
            expected = torch.tensor([F.softplus(torch.tensor(value)), torch.tensor(value).tanh()])
            torch.testing.assert_close(
                chunk, expected.view(1, 2, 1, 1).expand_as(chunk), rtol=1e-6, atol=1e-6
            )


@settings(deadline=None, max_examples=10)
@given(rows=st.integers(1, 40), row=st.integers(0, 39))
def test_a_row_does_not_depend_on_the_others(rows: int, row: int) -> None:
    row %= rows
    folded = FoldedDecoder(tiny_model().decoder, chunk_frames=94).eval()
    z = torch.randn(rows, 16, generator=torch.Generator().manual_seed(rows))
    others = torch.randn(rows, 16, generator=torch.Generator().manual_seed(rows + 1))
    others[row] = z[row]
    with torch.inference_mode():
        whole = folded(z)
        assert torch.equal(folded(others)[row], whole[row])
        # torch's own kernels may sum a single row in another order.
        torch.testing.assert_close(folded(z[row : row + 1])[0], whole[row], rtol=0, atol=1e-6)


def test_halves_hold_the_weights_and_floats_the_rest() -> None:
    decoder = tiny_model(VAEShape(16, (128, 128, 64, 32, 8), None)).decoder
    folded = FoldedDecoder(decoder, chunk_frames=94).eval().requires_grad_(False)
    halves = Float16Decoder(decoder, chunk_frames=94).eval().requires_grad_(False)
    kinds = {name: value.dtype for name, value in halves.named_parameters()}
    assert kinds["linear.weight"] == kinds["inner.0.phases.3"] == torch.float16
    assert kinds["linear.bias"] == kinds["last.weight"] == torch.float32
    assert (halves.precision, halves.is_exact) == ("float16", False)
    assert (folded.precision, folded.is_exact) == ("float32", True)
    latents = torch.randn(4, 16, generator=torch.Generator().manual_seed(1))
    assert 50 < snr_db(folded(latents).numpy(), halves(latents).numpy()) < 120
