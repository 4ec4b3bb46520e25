"""How loud recordings are, band by band, for the expander of "refined" (docs/reconstruction.md)."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from distill_export.model.levels import BandLevels, level_of, sounding_frames


def find_levels(spectrograms: Iterable[torch.Tensor]) -> BandLevels:
    """Return mean and deviation of each band's level.

    Args:
        spectrograms: `[batch, 2, n_mels, frames]` each, not normalised; one at least.
    """
    count = 0
    total: torch.Tensor | float = 0.0
    squares: torch.Tensor | float = 0.0
    for batch in spectrograms:
        levels = level_of(sounding_frames(batch[:, 0]))
        count += levels.shape[1]
        total = total + levels.sum(dim=1)
        squares = squares + levels.square().sum(dim=1)
    assert isinstance(total, torch.Tensor)
    mean = total / max(count, 1)
    deviation = (squares / max(count, 1) - mean.square()).clamp(min=0.0).sqrt()
    return BandLevels(_short(mean), _short(deviation))


def _short(values: torch.Tensor) -> tuple[float, ...]:
    """Return numbers as a model file holds them, in float32."""
    return tuple(values.float().tolist())
