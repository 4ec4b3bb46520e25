from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from distill_export.graph.decoder.folded import FoldedDecoder
from distill_export.graph.decoder.upsample import (
    ConvDoubling,
    PointwiseDoubling,
    interleave,
)
from distill_export.model.vae import VAEShape
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
sizes = st.integers(1, 5)


def doubling(weight: torch.Tensor, bias: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return F.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1)


def layer(
    before: int, after: int, rows: int, height: int, width: int, seed: int = 1
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Weight and bias of a transposed convolution, and an image: float64, so that sums agree."""
    random = torch.Generator().manual_seed(seed)
    return (
        torch.randn(before, after, 3, 3, generator=random, dtype=torch.float64),
        torch.randn(after, generator=random, dtype=torch.float64),
        torch.randn(rows, before, height, width, generator=random, dtype=torch.float64),
    )


@settings(deadline=None, max_examples=40)
@given(before=sizes, after=sizes, rows=sizes, height=sizes, width=sizes)
def test_a_doubling_is_the_transposed_convolution(
    before: int, after: int, rows: int, height: int, width: int
) -> None:
    weight, bias, x = layer(before, after, rows, height, width)
    expected = doubling(weight, bias, x)
    as_convs = interleave(ConvDoubling(weight.float(), bias.float())(x.float()))
    torch.testing.assert_close(as_convs, F.relu(expected).float(), rtol=1e-4, atol=1e-5)


@settings(deadline=None, max_examples=40)
@given(before=sizes, after=sizes, rows=sizes, height=sizes, width=sizes)
def test_a_pointwise_doubling_takes_phases_for_the_image(
    before: int, after: int, rows: int, height: int, width: int
) -> None:
    weight, bias, x = layer(before, after, rows, 2 * height, 2 * width)
    weight, bias, x = weight.float(), bias.float(), x.float()
    phases = [x[:, :, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    assert torch.equal(interleave(phases), x)
    found = PointwiseDoubling(weight, bias)(phases)
    torch.testing.assert_close(found, doubling(weight, bias, x), rtol=1e-4, atol=1e-5)


def test_a_doubling_holds_every_weight_once() -> None:
    weight, bias, _ = layer(3, 4, 1, 1, 1)
    doubling = ConvDoubling(weight.float(), bias)
    held = torch.cat([values.flatten() for values in doubling.parameters()])
    wanted = torch.cat([weight.float().flatten(), bias])
    assert torch.equal(held.sort().values, wanted.sort().values)


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
            folded.last = PointwiseDoubling(torch.zeros(before, 2, 3, 3), torch.full((2,), value))
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
