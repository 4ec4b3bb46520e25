"""From normalised units to a spectrogram's own, by the statistics of the training set."""

from __future__ import annotations

import torch
from torch import nn

from distill_export.reference.complex_spectrogram import Statistics
from distill_runtime.contract import Normalization

# The statistics of a model that was trained without any.
IDENTITY = Normalization(mag_mean=0.0, mag_std=1.0, if_mean=0.0, if_std=1.0)


def normalization(stats: Statistics | None) -> Normalization | None:
    """Return a model's statistics as the contract has them."""
    return None if stats is None else Normalization(**stats)


class Denormalize(nn.Module):
    """Undoes the training set's normalisation of one of a mel frame's two channels."""

    def __init__(self, mean: float, std: float, dtype: torch.dtype) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.tensor(mean, dtype=dtype))
        self.std = nn.Buffer(torch.tensor(std, dtype=dtype))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the values as they were, in the type that was asked for."""
        return values.to(self.mean.dtype) * self.std + self.mean
