"""An expander for each mel band, for what a decoder leaves where no recording is.

A seed that belongs a little to several recordings decodes to their average: its quiet moments are
noise and its peaks are flat (docs/reconstruction.md). An expander (McNally 1984) undoes some of it:
it stretches a band's level, in dB, away from silence.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

LEAST_POWER = 1e-6  # mel power, 114 dB under a full-scale sine: where levels begin
_MAX_POWER = 3e5  # a full-scale sine's
_MAX_LOG_POWER = 24.0
_MAX_LEVEL = 200.0  # five times what the loudest power gives, and far from overflow
_SOUNDING = 1e-6  # -60 dB


class Expansion(NamedTuple):
    """What an expander does to each band: level l becomes `slope * l + log(gain / LEAST_POWER)`."""

    slope: torch.Tensor  # float64 [n_mels]
    gain: torch.Tensor  # float64 [n_mels], mel power


class Expander(nn.Module):
    """Maps mel powers P, with e the least: `gain * ((1 + P / e)^slope - 1)`.

    Far above e it is a straight line of levels, silence stays silence, and a slope of 1 with a gain
    of e changes nothing.
    """

    def __init__(self, expansion: Expansion) -> None:
        super().__init__()
        self.slope = nn.Buffer(expansion.slope.double()[:, None])
        self.gain = nn.Buffer(expansion.gain.double()[:, None])

    def forward(self, log_power: torch.Tensor) -> torch.Tensor:
        """Map log1p of the mel power, float64 `[..., n_mels, frames]`; finite for anything."""
        level = level_of(log_power) * self.slope
        power = self.gain * (torch.exp(level.clamp(max=_MAX_LEVEL)) - 1.0)
        return torch.log(power.clamp(0.0, _MAX_POWER) + 1.0)


def level_of(log_power: torch.Tensor) -> torch.Tensor:
    """Return `log(1 + P / LEAST_POWER)`, 0 for silence, of log1p of the mel power."""
    power = torch.exp(log_power.clamp(0.0, _MAX_LOG_POWER)) - 1.0
    # Not `log(power + LEAST_POWER)`: the exporter drops the addition of so small a number.
    return torch.log(power * (1.0 / LEAST_POWER) + 1.0)


def sounding_frames(log_power: torch.Tensor) -> torch.Tensor:
    """Return the frames that sound, within 60 dB of the loudest of their piece.

    Args:
        log_power: log1p of the mel power, `[pieces, n_mels, frames]`.

    Returns:
        The same of so many frames, float64 `[n_mels, frames]`.
    """
    frames = log_power.double()
    power = torch.expm1(frames.clamp(0.0, _MAX_LOG_POWER)).sum(dim=1)
    sounds = power > _SOUNDING * power.amax(dim=1, keepdim=True)
    return frames.transpose(1, 2)[sounds].T
