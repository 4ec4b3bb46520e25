"""From one sound into another in TorchScript.

The weights are those of `distill_runtime.generation.live.crossfade`, which says why.
"""

import math

import torch

FADE_SAMPLES = 1024  # 21 ms: two windows of 512 samples


def rising(samples: int) -> torch.Tensor:
    """Return the weights `[samples]` of what is heard at the end, 6t^5 - 15t^4 + 10t^3."""
    t = (torch.arange(samples, dtype=torch.float64) + 0.5) / samples
    return t * t * t * (t * (t * 6.0 - 15.0) + 10.0)


def crossfade(old: torch.Tensor, new: torch.Tensor, rise: torch.Tensor) -> torch.Tensor:
    """Go from one sound `[samples]` to another of the same length, without a dip in the level."""
    before = old.to(torch.float64)
    after = new.to(torch.float64)
    fall = 1.0 - rise
    energy = math.sqrt(float((before * before).sum().item()) * float((after * after).sum().item()))
    alike = 1.0  # one of them is silence: its weight is right as it is
    if energy > 0.0:
        alike = round(float((before * after).sum().item()) / energy * 16.0) / 16.0
        alike = min(1.0, max(0.0, alike))
    power = rise * rise + fall * fall + 2.0 * alike * rise * fall
    return ((fall * before + rise * after) / torch.sqrt(power)).to(torch.float32)
