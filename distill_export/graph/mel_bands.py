"""Mel bands over the slots of the split DFT: summing a spectrum to bands, spreading bands back."""

from __future__ import annotations

import torch
from torch import nn

from distill_export.graph.dft import InverseRealDFT


class MelLayout(nn.Module):
    """Sums slots to mel bands, and spreads values of bands over slots.

    A bin lies in two adjacent bands at most, so spreading takes two rows a slot and no matrix.
    """

    def __init__(self, filterbank: torch.Tensor) -> None:
        """Take the filterbank F, `[n_bins, n_mels]`."""
        super().__init__()
        bins = InverseRealDFT.bins()
        slots_of_bin = torch.bincount(bins)  # 64 of the bins have two slots
        summing = filterbank[bins] / slots_of_bin[bins][:, None]
        bands, weights = two_bands(filterbank)
        total = weights.sum(dim=1, keepdim=True).clamp(min=1e-3)
        self.summing = nn.Buffer(summing.T.contiguous())  # [n_mels, slots]
        self.lower = nn.Buffer(bands[bins, 0])
        self.upper = nn.Buffer(bands[bins, 1])
        self.weights = nn.Buffer(weights[bins].T[:, :, None].contiguous())  # [2, slots, 1]
        self.shares = nn.Buffer((weights / total)[bins].T[:, :, None].contiguous())

    def total(self, power: torch.Tensor) -> torch.Tensor:
        """Return `F^T power`: `[batch, slots, frames]` to `[batch, n_mels, frames]`."""
        return self.summing.to(power.dtype) @ power

    def weighted(self, bands: torch.Tensor) -> torch.Tensor:
        """Return `F bands`: `[batch, n_mels, frames]` to `[batch, slots, frames]`."""
        return self._spread(bands, self.weights)

    def mean(self, bands: torch.Tensor) -> torch.Tensor:
        """Return the mean of a slot's bands, by their weights: as `weighted`, summing to one."""
        return self._spread(bands, self.shares)

    def _spread(self, bands: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        below, above = weights.to(bands.dtype).unbind(dim=0)
        return _spread(bands, (self.lower, self.upper), (below, above), dim=1)


class TwoBands(nn.Module):
    """Spreads values of mel bands over bins, of which each lies in two bands at most."""

    def __init__(self, bands: torch.Tensor, weights: torch.Tensor) -> None:
        """Take each slot's bands, int64 `[slots, 2]`, and its weights in them, `[slots, 2]`."""
        super().__init__()
        self.lower = nn.Buffer(bands[:, 0].contiguous())
        self.lower_weight = nn.Buffer(weights[:, 0, None].contiguous())
        self.upper = nn.Buffer(bands[:, 1].contiguous())
        self.upper_weight = nn.Buffer(weights[:, 1, None].contiguous())

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return `[..., slots, frames]` for `[..., bands, frames]`."""
        bands, weights = (self.lower, self.upper), (self.lower_weight, self.upper_weight)
        return _spread(values, bands, weights, dim=-2)


def two_bands(filterbank: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return each bin's two adjacent bands, int64 `[n_bins, 2]`, and its weights in them.

    Raises:
        ValueError: A bin lies in other bands, too.
    """
    n_mels = filterbank.shape[1]
    lower = (filterbank > 0).to(torch.int64).argmax(dim=1).clamp(max=n_mels - 2)
    bands = torch.stack([lower, lower + 1], dim=1)
    weights = filterbank.gather(1, bands)
    if not torch.equal(weights.sum(dim=1), filterbank.sum(dim=1)):
        raise ValueError("a bin of the filterbank is in more than two adjacent bands")
    return bands, weights


def _spread(
    values: torch.Tensor,
    bands: tuple[torch.Tensor, torch.Tensor],
    weights: tuple[torch.Tensor, torch.Tensor],
    *,
    dim: int,
) -> torch.Tensor:
    """Return the weighted sum of the two bands of each slot, which `dim` counts."""
    lower, upper = bands
    below, above = weights
    return (
        torch.index_select(values, dim, lower) * below
        + torch.index_select(values, dim, upper) * above
    )
