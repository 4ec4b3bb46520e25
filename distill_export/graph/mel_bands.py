"""Mel bands over the slots of the split DFT: summing a spectrum to bands, spreading bands back."""

from __future__ import annotations

import torch
from torch import nn

from distill_export.graph.learned.inverse_stft import InverseRealDFT
from distill_export.graph.learned.spectrum import two_bands


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
        self.register_buffer("summing", summing.T.contiguous())  # [n_mels, slots]
        self.register_buffer("lower", bands[bins, 0])
        self.register_buffer("upper", bands[bins, 1])
        self.register_buffer("weights", weights[bins].T[:, :, None].contiguous())  # [2, slots, 1]
        self.register_buffer("shares", (weights / total)[bins].T[:, :, None].contiguous())

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
        return (
            torch.index_select(bands, 1, self.lower) * below
            + torch.index_select(bands, 1, self.upper) * above
        )
