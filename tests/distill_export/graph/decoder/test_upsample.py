from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from distill_export.graph.decoder.upsample import (
    PointwiseUpsample,
    PolyphaseUpsample,
    interleave,
)

sizes = st.integers(1, 5)


def upsampled(weight: torch.Tensor, bias: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
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
def test_polyphase_upsampling_is_the_transposed_convolution(
    before: int, after: int, rows: int, height: int, width: int
) -> None:
    weight, bias, x = layer(before, after, rows, height, width)
    expected = upsampled(weight, bias, x)
    as_convs = interleave(PolyphaseUpsample(weight.float(), bias.float())(x.float()))
    torch.testing.assert_close(as_convs, F.relu(expected).float(), rtol=1e-4, atol=1e-5)


@settings(deadline=None, max_examples=40)
@given(before=sizes, after=sizes, rows=sizes, height=sizes, width=sizes)
def test_pointwise_upsampling_takes_phases_for_the_image(
    before: int, after: int, rows: int, height: int, width: int
) -> None:
    weight, bias, x = layer(before, after, rows, 2 * height, 2 * width)
    weight, bias, x = weight.float(), bias.float(), x.float()
    phases = [x[:, :, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    assert torch.equal(interleave(phases), x)
    found = PointwiseUpsample(weight, bias)(phases)
    torch.testing.assert_close(found, upsampled(weight, bias, x), rtol=1e-4, atol=1e-5)


def test_polyphase_upsampling_holds_every_weight_once() -> None:
    weight, bias, _ = layer(3, 4, 1, 1, 1)
    upsample = PolyphaseUpsample(weight.float(), bias)
    held = torch.cat([values.flatten() for values in upsample.parameters()])
    wanted = torch.cat([weight.float().flatten(), bias])
    assert torch.equal(held.sort().values, wanted.sort().values)
