"""An expander for each mel band, for what a decoder leaves where no recording is.

A seed that belongs a little to several recordings decodes to their average: its quiet moments are
noise and its peaks are flat (docs/reconstruction.md). An expander (McNally 1984) undoes some of it:
it stretches a band's level, in dB, away from silence.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from distill_export.model.levels import level_of

_MAX_POWER = 3e5  # a full-scale sine's
_MAX_LEVEL = 200.0  # five times what the loudest power gives, and far from overflow


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
