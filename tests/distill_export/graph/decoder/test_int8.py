from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from distill_export.graph.decoder.folded import FoldedDecoder
from distill_export.graph.decoder.int8 import Int8Decoder, Int8Linear, quantize_weight
from distill_export.model.vae import VAEShape
from distill_runtime.audio.snr import snr_db
from tests.distill_export.model_files import tiny_model

SHAPES = {
    "separate": VAEShape(16, (16, 8, 8, 4, 4), None),
    "composed": VAEShape(16, (64, 8, 8, 4, 4), None),
    "wide and composed": VAEShape(20, (128, 16, 8, 8, 4), None, base_width=5),
    "one channel": VAEShape(16, (1, 1, 1, 1, 1), None),
}


def latents(rows: int, latent_dim: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(rows, latent_dim, generator=torch.Generator().manual_seed(seed))


def decoders(shape: VAEShape) -> tuple[FoldedDecoder, Int8Decoder]:
    folded = FoldedDecoder(tiny_model(shape).decoder, chunk_frames=shape.frames - 2).eval()
    folded.requires_grad_(False)
    return folded, Int8Decoder(folded, latents(64, shape.latent_dim, seed=2)).eval()


@settings(deadline=None)
@given(
    after=st.integers(1, 6),
    before=st.integers(1, 6),
    seed=st.integers(0, 100),
    size=st.sampled_from([1e-20, 1e-3, 1.0, 1e4]),
)
def test_a_weight_is_met_within_half_a_step_in_seven_bits(
    after: int, before: int, seed: int, size: float
) -> None:
    weight = size * latents(after, before * 4, seed).view(after, before, 2, 2)
    units, scale = quantize_weight(weight)
    assert (units.dtype, scale.dtype) == (torch.int8, torch.float32)
    # Pairs of products with bytes fit into 16 bits: 2 * 255 * 63 < 2**15.
    assert units.abs().max() <= 63
    error = (units.float() * scale[:, None, None, None] - weight).abs()
    assert (error <= 0.5001 * scale[:, None, None, None] + 1e-12).all()


def test_a_channel_without_weights_keeps_its_bias() -> None:
    shape = SHAPES["composed"]
    folded, _ = decoders(shape)
    for kernel in folded.inner[0].phases:
        kernel[2] = 0.0
    folded.inner[0].bias[2] = 0.7
    z = latents(16, shape.latent_dim)
    assert snr_db(folded(z).numpy(), Int8Decoder(folded, z)(z).numpy()) > 20


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1000), size=st.sampled_from([0.0, 1e-30, 1e-3, 1.0, 1e4]))
def test_a_linear_layer_keeps_sixteen_bits_of_its_inputs(seed: int, size: float) -> None:
    random = torch.Generator().manual_seed(seed)
    linear = nn.Linear(24, 10).requires_grad_(False)
    linear.weight.copy_(torch.randn(10, 24, generator=random))
    units = 0.5 + torch.rand(10, generator=random)
    quantized = Int8Linear(linear, units)
    rounded = quantized.weight.T.double() * (quantized.scale * units)[:, None]
    x = size * torch.randn(3, 24, generator=random)
    found = quantized(x).double() * units
    exact = x.double() @ rounded.T + linear.bias.double()
    largest = x.abs().amax(dim=1, keepdim=True).double()
    # At most a step of 1/32,512 of the largest input, each of which meets one weight.
    assert ((found - exact).abs() <= largest / 32_512 * rounded.abs().sum(dim=1) + 1e-6).all()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_bytes_are_near_floats(shape: VAEShape) -> None:
    folded, int8 = decoders(shape)
    z = latents(24, shape.latent_dim, seed=3)
    expected, found = folded(z), int8(z)
    assert found.shape == expected.shape == (24, 2, shape.n_mels, shape.frames - 2)
    assert expected.std() > 1e-3
    assert snr_db(expected.numpy(), found.numpy()) > 25


@settings(deadline=None, max_examples=15)
@given(rows=st.integers(1, 12), row=st.integers(0, 11))
def test_a_row_depends_on_nothing_but_itself(rows: int, row: int) -> None:
    row %= rows
    _, int8 = decoders(SHAPES["composed"])
    z = latents(rows, 16, seed=rows)
    whole = int8(z)
    assert torch.equal(int8(z[row : row + 1])[0], whole[row])


@pytest.mark.parametrize("size", [0.0, 1e-38, 1e4, 1e30])
def test_latents_of_any_size_give_finite_frames(size: float) -> None:
    _, int8 = decoders(SHAPES["composed"])
    assert np.isfinite(int8(size * latents(3, 16)).numpy()).all()
