"""How near each second of one set of sounds is to its nearest second of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from benchmarks.listening.levels import level_db
from distill_export.reference.log_mel import FLOOR

if TYPE_CHECKING:
    from benchmarks.listening.sounds import Sound


def _flat_levels(sounds: Sequence[Sound]) -> torch.Tensor:
    """Return the levels of seconds, `[n, bands * frames]` in dB."""
    return torch.cat([level_db(sound.mel, FLOOR).flatten(1) for sound in sounds]).float()


def nearest_db(found: Sequence[Sound], expected: Sequence[Sound]) -> torch.Tensor:
    """Return the distance of each second of `found` to its nearest second of `expected`, in dB.

    The distance is the mean absolute difference in level over bands and frames, silence being a
    mel power of 0.01: the one that a training is judged by (`log_mel_distance_db`). Frames are
    compared in place, so a copy that is moved in time is not found; what a model has learnt by
    heart comes in the chunks that it has learnt.

    Returns:
        `[seconds]`. Seconds of the same sound are no neighbours: where `found` and `expected` share
        one, it is passed over, and is infinity where there is no other.
    """
    levels, others = _flat_levels(found), _flat_levels(expected)
    distances = torch.cdist(levels, others, p=1) / levels.shape[1]
    owners = [id(sound) for sound in found for _ in sound.seconds]
    rivals = [id(sound) for sound in expected for _ in sound.seconds]
    same = torch.tensor(owners)[:, None] == torch.tensor(rivals)[None]
    return distances.masked_fill(same, float("inf")).amin(dim=1)
