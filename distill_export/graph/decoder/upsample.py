r"""Two ways to compute a transposed convolution that upsamples an image by two, neither scatters.

The decoder's have a kernel of 3, a stride of 2, a padding of 1 and an output padding of 1. Along
an axis, an even output is tap 1 of one input, an odd one tap 2 of that input and tap 0 of the next:

    inputs      x0        x1        x2         0
                | \     / | \     / | \     /
    taps        1   2 0   1   2 0   1   2 0
                |   \ /   |   \ /   |   \ /
    outputs    y0   y1   y2   y3   y4   y5

In two dimensions an output sees 1, 2, 2 or 4 inputs, depending on its phase, which is whether its
row and its column are even or odd: nine products for four outputs. Both ways sum the same
products, in an order that does not depend on how many images a call has, so neither do the results.
Which is faster depends on the shape:

- many channels: `PolyphaseUpsample`, one small convolution for each phase, with nothing to add up
  after.
- few channels after it: `PointwiseUpsample`, a product for each tap. Moving the products is then
  cheaper than putting the phases of its input in place.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class PolyphaseUpsample(nn.Module):
    """Upsampling by two and its ReLU, channels first: a convolution for each phase."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        """Take the transposed convolution's weight `[before, after, 3, 3]` and bias `[after]`."""
        super().__init__()
        kernel = weight.transpose(0, 1)
        # Along an axis: what makes an even output of an input, and an odd one of it and the next.
        even, odd = [1], [2, 0]
        self.phases = nn.ParameterList(
            kernel[:, :, rows][..., columns].contiguous()
            for rows in (even, odd)
            for columns in (even, odd)
        )
        self.bias = nn.Parameter(bias)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Upsample `[rows, before, height, width]`.

        Returns:
            The phases, each `[rows, after, height, width]`: the even columns and the odd ones of
            the even rows, then of the odd rows.
        """
        return [F.relu(_convolve(x, kernel.float(), self.bias)) for kernel in self.phases]


class PointwiseUpsample(nn.Module):
    """Upsampling by two, channels first, from the phases of an image to a whole one.

    A product for each pixel and tap, then the sums: there are so few channels after it that moving
    the products costs less than moving the pixels would.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        """Take the transposed convolution's weight `[before, after, 3, 3]` and bias `[after]`."""
        super().__init__()
        # Out of it come (tap along the columns, tap along the rows, channel).
        self.weight = nn.Parameter(weight.permute(3, 2, 1, 0).flatten(0, 2)[..., None, None])
        # Along an axis an output has a product of tap 1, or one of tap 2 and one of tap 0.
        taps = torch.tensor([0.0, 1.0, 1.0])
        self.bias = nn.Parameter((taps[:, None, None] * taps[:, None] * bias).flatten())

    def forward(self, phases: list[torch.Tensor]) -> torch.Tensor:
        """Upsample four `[rows, before, height, width]` to `[rows, after, 4 height, 4 width]`."""
        weight = self.weight.float()
        return spread_products([F.conv2d(phase, weight, self.bias) for phase in phases])


def interleave(phases: list[torch.Tensor]) -> torch.Tensor:
    """Join four phases `[rows, channels, height, width]` to `[.., 2 height, 2 width]`."""
    even_rows, odd_rows = (torch.stack(phases[k : k + 2], dim=4).flatten(3) for k in (0, 2))
    return torch.stack([even_rows, odd_rows], dim=3).flatten(2, 3)


def spread_products(products: list[torch.Tensor]) -> torch.Tensor:
    """Add up what the taps make of every pixel.

    Args:
        products: For each phase `[rows, taps x taps x channels, height, width]`, those along the
            columns first.

    Returns:
        `[rows, channels, 4 height, 4 width]`.
    """
    # Columns first: what is left of a row is then contiguous.
    rows = [_spread_phases(*products[k : k + 2], dim=3) for k in (0, 2)]
    return _spread_phases(*rows, dim=2)


def _spread_phases(even: torch.Tensor, odd: torch.Tensor, *, dim: int) -> torch.Tensor:
    """Add up what taps 0, 1 and 2 make of the even and the odd inputs along `dim`.

    Args:
        even: `[rows, taps x channels, height, width]`.
        odd: The same.
        dim: 2 or 3.

    Returns:
        `[rows, channels, height, width]`, four times as many along `dim`.
    """
    even_before, even_centre, even_after = even.chunk(3, dim=1)
    odd_before, odd_centre, odd_after = odd.chunk(3, dim=1)
    from_next = F.pad(even_before, (0, 0) * (3 - dim) + (-1, 1))
    outputs = [even_centre, even_after + odd_before, odd_centre, odd_after + from_next]
    return torch.stack(outputs, dim=dim + 1).flatten(dim, dim + 1)


def _convolve(x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Convolve, with zeros below and to the right, so that the size stays as it is."""
    height, width = kernel.shape[2:]
    return F.conv2d(F.pad(x, (0, width - 1, 0, height - 1)), kernel, bias)
