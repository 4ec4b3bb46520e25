"""The decoder in 8-bit integers: a quarter of the weights, faster where a CPU multiplies bytes.

Weights are symmetric, with a scale for each output channel, and take 7 of their 8 bits: CPUs that
lack the VNNI instructions add byte products in pairs of 16 bits, which full weights would overflow.

Activations are bytes from 0, as their ReLU leaves them, in units calibrated before: one for each
channel, since a convolution's channels may be scaled at will if the next one's weights make up for
it. So a row depends on nothing but its own latent vector, and the law of streaming holds as it does
for floats. Sums are 32-bit integers, exact in any order.
"""

from __future__ import annotations

import copy
import itertools
from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from distill_export.graph.decoder.base import ChunkDecoder
from distill_export.graph.decoder.calibration import calibrate
from distill_export.graph.decoder.folded import FoldedDecoder, spectrogram
from distill_export.graph.decoder.integer_ops import byte_conv, integer_matmul, to_bytes
from distill_export.graph.decoder.upsample import (
    PointwiseUpsample,
    PolyphaseUpsample,
    interleave,
    spread_products,
)

_WEIGHT_MAX = 63
_WEIGHT_STEPS = 2.0 * _WEIGHT_MAX  # steps of a fine weight in one of a coarse one
_BYTE_ZERO = 128
_BIAS_MAX = 2.0**24
_LEAST_SCALE = 1e-12


class Int8Linear(nn.Module):
    """A linear layer with int8 weights, whose inputs keep 16 bits.

    The inputs are the latent vectors, which bytes would disturb. A row is `unit * (256 high +
    low)`, two rows of bytes: that costs little, since reading the weights is what takes the time.
    """

    def __init__(self, linear: nn.Linear, units: torch.Tensor) -> None:
        """Quantise a layer, the results of which are wanted in units `[after]`."""
        super().__init__()
        weight, scale = quantize_weight(linear.weight.detach())
        self.weight = nn.Buffer(weight.T.contiguous())
        self.scale = nn.Buffer(scale / units)
        self.bias = nn.Buffer(linear.bias.detach() / units)
        self.zero_point = nn.Buffer(torch.tensor(_BYTE_ZERO, dtype=torch.uint8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return float32 `[rows, after]` for float32 `[rows, before]`."""
        largest = x.abs().amax(dim=1, keepdim=True).clamp(min=1e-30)
        unit = largest / (127.0 * 256.0)
        whole = (x / unit).round()
        high = (whole / 256.0).round()
        low = whole - 256.0 * high
        parts = torch.stack([high, low]).clamp(-128.0, 127.0) + 128.0
        sums = integer_matmul(parts.to(torch.uint8), self.weight, self.zero_point).float()
        return (256.0 * sums[0] + sums[1]) * unit * self.scale + self.bias


class Int8PolyphaseUpsample(nn.Module):
    """Upsampling by two and its ReLU from bytes to bytes: a convolution for each phase."""

    def __init__(
        self, upsample: PolyphaseUpsample, units_before: torch.Tensor, units_after: torch.Tensor
    ) -> None:
        """Quantise an upsampling between bytes in units `[before]` and `[after]`."""
        super().__init__()
        bias = upsample.bias.detach()
        self.one = nn.Buffer(torch.tensor(1.0))
        self.zero = nn.Buffer(torch.tensor(0, dtype=torch.uint8))
        self.weight_zero = nn.Buffer(torch.zeros(len(bias), dtype=torch.int8))
        # A channel without weights has a scale all the same: its bias's.
        least = bias.abs() / _BIAS_MAX
        for phase, kernel in enumerate(upsample.phases):
            weighed = kernel.detach() * units_before[:, None, None]
            weight, scale = quantize_weight(weighed, least)
            self.register_buffer(f"weight{phase}", weight)
            self.register_buffer(f"scale{phase}", scale / units_after)
            self.register_buffer(f"bias{phase}", (bias / scale).round().to(torch.int32))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Upsample uint8 `[rows, before, height, width]`.

        Returns:
            The phases, as `PolyphaseUpsample` has them, but with the channels last.
        """
        return [self._phase(x, phase).permute(0, 2, 3, 1) for phase in range(4)]

    def _phase(self, x: torch.Tensor, phase: int) -> torch.Tensor:
        weight, scale, bias = (getattr(self, f"{name}{phase}") for name in _OF_A_PHASE)
        return byte_conv(x, weight, scale, self.weight_zero, bias, self.one, self.zero)


_OF_A_PHASE = ("weight", "scale", "bias")


class Int8PointwiseUpsample(nn.Module):
    """The last upsampling, from the phases of an image in bytes to a whole one in floats.

    What it makes are mel frames, so its few weights keep 14 bits, in two int8 each.
    """

    def __init__(self, upsample: PointwiseUpsample, units_before: torch.Tensor) -> None:
        super().__init__()
        weighed = upsample.weight.detach()[..., 0, 0] * units_before
        coarse, scale = quantize_weight(weighed)
        rest = weighed - coarse * scale[:, None]
        fine = (rest / scale[:, None] * _WEIGHT_STEPS).round()
        weight = torch.cat([coarse, fine.to(torch.int8)])
        self.weight = nn.Buffer(weight.T.contiguous())
        self.scale = nn.Buffer((scale / _WEIGHT_STEPS)[:, None, None])
        self.bias = nn.Buffer(upsample.bias.detach()[:, None, None])
        self.zero = nn.Buffer(torch.tensor(0, dtype=torch.uint8))

    def forward(self, phases: list[torch.Tensor]) -> torch.Tensor:
        """Upsample four uint8 `[rows, height, width, before]` to `[rows, after, 4 h, 4 w]`."""
        products = []
        for phase in phases:
            sums = integer_matmul(phase, self.weight, self.zero).permute(0, 3, 1, 2)
            coarse, fine = sums.float().chunk(2, dim=1)
            products.append((_WEIGHT_STEPS * coarse + fine) * self.scale + self.bias)
        return spread_products(products)


class Int8Decoder(ChunkDecoder):
    """The decoder in integers but for its ends."""

    precision = "int8"

    def __init__(self, decoder: FoldedDecoder, calibration: torch.Tensor) -> None:
        """Quantise a decoder.

        Args:
            decoder: In float32.
            calibration: Latent vectors `[rows, latent_dim]` to choose the units by.
        """
        super().__init__(latent_dim=decoder.latent_dim, chunk_frames=decoder.chunk_frames)
        units = calibrate(decoder, calibration)
        self.base_size = decoder.base_size
        inner = cast(list[PolyphaseUpsample], list(decoder.inner))
        self.first: nn.Module | None = None
        if decoder.starts_composed:
            _, height, width = self.base_size
            pixels = units[0].repeat_interleave(height * width)
            self.linear = Int8Linear(decoder.linear, pixels)
        else:
            # Without a ReLU before it, an upsampling's input is not a byte from 0: this one is in
            # floats.
            self.linear = Int8Linear(decoder.linear, torch.ones(decoder.linear.out_features))
            self.first = _scaled(inner.pop(0), 1.0 / units[0])
        self.one = nn.Buffer(torch.tensor(1.0))
        self.zero = nn.Buffer(torch.tensor(0, dtype=torch.uint8))
        self.inner = nn.ModuleList(
            Int8PolyphaseUpsample(upsample, before, after)
            for upsample, (before, after) in zip(inner, itertools.pairwise(units), strict=True)
        )
        self.last = Int8PointwiseUpsample(decoder.last, units[-1])

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Decode `[rows, latent_dim]` to `[rows, 2, n_mels, chunk_frames]`."""
        x = self.linear(latents).unflatten(1, self.base_size)
        x = F.relu(x) if self.first is None else interleave(self.first(x))
        x = to_bytes(x, self.one, self.zero)
        *inner, largest = self.inner
        for upsample in inner:
            x = _interleave_channels_last(upsample(x)).permute(0, 3, 1, 2)
        return spectrogram(self.last(largest(x))[..., : self.chunk_frames])


def quantize_weight(
    weight: torch.Tensor, least: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantise a weight, symmetrically and by output channel.

    Args:
        weight: `[after, ...]`.
        least: `[after]`, what the scales may not be smaller than.

    Returns:
        int8 values of at most 63, `[after, ...]`, and their float32 scales `[after]`.
    """
    scale = weight.flatten(1).abs().amax(dim=1) / _WEIGHT_MAX
    scale = torch.maximum(scale, torch.full_like(scale, _LEAST_SCALE) if least is None else least)
    scale = scale.clamp(min=_LEAST_SCALE)
    units = (weight / scale.view(-1, *[1] * (weight.dim() - 1))).round()
    return units.to(torch.int8).contiguous(), scale


def _interleave_channels_last(phases: list[torch.Tensor]) -> torch.Tensor:
    """Join four phases `[rows, height, width, channels]` to `[.., 2 height, 2 width, channels]`.

    Bytes are moved by the pixel: one at a time would take as long as the convolutions.
    """
    even_rows, odd_rows = (torch.stack(phases[k : k + 2], dim=3).flatten(2, 3) for k in (0, 2))
    return torch.stack([even_rows, odd_rows], dim=2).flatten(1, 2)


def _scaled(upsample: PolyphaseUpsample, factors: torch.Tensor) -> PolyphaseUpsample:
    """Return an upsampling whose outputs are multiplied by factors `[after]`, none negative."""
    scaled = copy.deepcopy(upsample)
    for kernel in scaled.phases:
        kernel.data = kernel.data * factors[:, None, None, None]
    scaled.bias.data = scaled.bias.data * factors
    return scaled
