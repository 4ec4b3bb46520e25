r"""Three ways to compute a transposed convolution that doubles an image, none by scattering.

The decoder's have a kernel of 3, a stride of 2, a padding of 1 and an output padding of 1. Along
an axis, an even output is tap 1 of one input, an odd one tap 2 of that input and tap 0 of the next:

    inputs      x0        x1        x2         0
                | \     / | \     / | \     /
    taps        1   2 0   1   2 0   1   2 0
                |   \ /   |   \ /   |   \ /
    outputs    y0   y1   y2   y3   y4   y5

In two dimensions an output sees 1, 2, 2 or 4 inputs, depending on its phase, which is whether its
row and its column are even or odd: nine products for four outputs. All three ways sum the same
products, in an order that does not depend on how many images a call has, so neither do the results.
Which is fastest depends on the shape:

- small images, many channels: `GemmDoubling`. The weights are read once for all images.
- large images: `ConvDoubling`, one small convolution for each phase, with nothing to add up after.
- few output channels: `SubPixelConv`. Putting the phases of its input in place would cost more than
  the arithmetic, so it takes them as channels, although most of its weights are then zeros.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class GemmDoubling(nn.Module):
    """A doubling and its ReLU, channels last: a matrix product for each tap, then shifted sums."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        """Take the transposed convolution's weight `[before, after, 3, 3]` and bias `[after]`."""
        super().__init__()
        # One matrix for each tap along the columns, with the taps along the rows side by side.
        self.taps = nn.ParameterList(weight.permute(3, 0, 2, 1).flatten(2).unbind())
        self.bias = nn.Parameter(bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Double `[rows, height, width, before]` to `[rows, 2 height, 2 width, after]`."""
        x = _spread(*(x @ tap for tap in self.taps), dim=2)  # [rows, height, 2 width, 3 after]
        x = _spread(*x.chunk(3, dim=3), dim=1)
        return F.relu(x + self.bias)


class ConvDoubling(nn.Module):
    """A doubling and its ReLU, channels first: a convolution for each phase."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        """Take the transposed convolution's weight `[before, after, 3, 3]` and bias `[after]`."""
        super().__init__()
        kernel = _sub_pixel_kernel(weight, grid=1)
        # An even row or column has one tap, an odd one has two.
        self.phases = nn.ParameterList(
            kernel[row, 0, :, column, 0, :, : 1 + row, : 1 + column].contiguous()
            for row in (0, 1)
            for column in (0, 1)
        )
        self.bias = nn.Parameter(bias)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Double `[rows, before, height, width]`.

        Returns:
            The phases, each `[rows, after, height, width]`: the even columns and the odd ones of
            the even rows, then of the odd rows.
        """
        return [F.relu(_convolve(x, kernel, self.bias)) for kernel in self.phases]


class SubPixelConv(nn.Module):
    """A doubling, channels first, from the phases of an image to a whole one."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        """Take the transposed convolution's weight `[before, after, 3, 3]` and bias `[after]`."""
        super().__init__()
        self.after = weight.shape[1]
        kernel = _sub_pixel_kernel(weight, grid=2).permute(3, 2, 0, 1, 4, 5, 6, 7)
        # Out of it come (column phase, channel, row phase); into it go the phases, then channels.
        self.weight = nn.Parameter(kernel.flatten(3, 5).flatten(0, 2).contiguous())
        self.bias = nn.Parameter(bias.repeat_interleave(4).repeat(4))

    def forward(self, phases: list[torch.Tensor]) -> torch.Tensor:
        """Double four `[rows, before, height, width]` to `[rows, after, 4 height, 4 width]`."""
        x = _convolve(torch.cat(phases, dim=1), self.weight, self.bias)
        x = torch.stack(x.chunk(4, dim=1), dim=4).flatten(3)  # [rows, after x 4, height, 4 width]
        return x.unflatten(1, (self.after, 4)).transpose(2, 3).flatten(2, 3)


def interleave(phases: list[torch.Tensor]) -> torch.Tensor:
    """Join four phases `[rows, channels, height, width]` to `[.., 2 height, 2 width]`."""
    even_rows, odd_rows = (torch.stack(phases[k : k + 2], dim=4).flatten(3) for k in (0, 2))
    return torch.stack([even_rows, odd_rows], dim=3).flatten(2, 3)


def _spread(
    before: torch.Tensor, centre: torch.Tensor, after: torch.Tensor, *, dim: int
) -> torch.Tensor:
    """Add up what taps 0, 1 and 2 make of every input, twice as many along `dim`.

    Args:
        before: What goes to the outputs before the inputs' own, `[rows, height, width, channels]`.
        centre: What goes to their own.
        after: What goes to the outputs after.
        dim: 1 or 2.
    """
    from_next = F.pad(before, (0, 0) * (3 - dim) + (-1, 1))
    return torch.stack([centre, after + from_next], dim=dim + 1).flatten(dim, dim + 1)


def _convolve(x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Convolve, with zeros below and to the right, so that the size stays as it is."""
    height, width = kernel.shape[2:]
    return F.conv2d(F.pad(x, (0, width - 1, 0, height - 1)), kernel, bias)


def _sub_pixel_kernel(weight: torch.Tensor, *, grid: int) -> torch.Tensor:
    """Lay the taps out as a convolution from phases to phases.

    Pixel i of phase p holds input n = grid i + p, and pixel i of phase r is output 2 grid i + r.

    Args:
        weight: The transposed convolution's, `[before, after, 3, 3]`.
        grid: How many phases the input has along an axis; the output has twice as many.

    Returns:
        `[row r, row p, after, column r, column p, before, 2, 2]`. The last two are the pixels that
        a kernel sees, the output's own and the next, downwards and to the right.
    """
    place = torch.zeros(3, 2 * grid, grid, 2)
    for tap in range(3):
        for phase in range(grid):
            for pixel in (0, 1):
                output = 2 * (grid * pixel + phase) + tap - 1
                if 0 <= output < 2 * grid:
                    place[tap, output, phase, pixel] = 1.0
    return torch.einsum("baxy,xrpi,ysqj->rpasqbij", weight, place, place)
