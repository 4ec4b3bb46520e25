"""A linear-frequency power spectrum that has the mel bands asked for."""

from __future__ import annotations

import torch
from torch import nn

from distill_export.graph.mel_bands import MelLayout

SILENCE = 1e-7  # mel power below which nothing is heard: what a logarithm is kept from
MAX_LOG_RATIO = 9.2  # a factor of ten thousand
_RIDGE = 0.03
_SMOOTH_SHARE = 0.2
_ROUNDS = 3
_STEP = 1.5


def log_mel(power: torch.Tensor) -> torch.Tensor:
    """Return the logarithm of a mel power, silence being -16."""
    return torch.log(power + SILENCE)


class LinearPower(nn.Module):
    """Fits a power spectrum P to a mel power T: `F^T P = T`, nearly, and never negative.

    It starts from the ridge solution `F (F^T F + r I)^-1 T`, which is sharp, and a share of T
    spread evenly, which is positive. Then a few multiplicative updates (after Lee and Seung 2001,
    with the ratio's logarithm) correct each bin by the mean of its bands' errors.

    In float64: tones are told from noise by it, and that must not hang on a host's rounding.
    """

    def __init__(self, layout: MelLayout, filterbank: torch.Tensor) -> None:
        super().__init__()
        self.layout = layout
        columns = filterbank.double()
        ridge = columns.T @ columns + _RIDGE * torch.eye(columns.shape[1], dtype=torch.float64)
        self.ridge = nn.Buffer(torch.linalg.inv(ridge))
        self.area = nn.Buffer(columns.sum(dim=0)[:, None])

    def forward(self, power: torch.Tensor) -> torch.Tensor:
        """Return float64 `[batch, slots, frames]` for a mel power `[batch, n_mels, frames]`."""
        sharp = torch.relu(self.layout.weighted(self.ridge @ power))
        first = sharp + _SMOOTH_SHARE * self.layout.mean(power / self.area)
        target = log_mel(power)
        fitted, correction = first, torch.zeros_like(power)
        for _ in range(_ROUNDS):
            error = target - log_mel(self.layout.total(fitted))
            correction = correction + _STEP * error.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)
            fitted = first * torch.exp(self.layout.mean(correction))
        return fitted
