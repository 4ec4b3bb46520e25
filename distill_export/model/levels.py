"""How loud a model's recordings are, band by band: kept in its file beside the landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from distill_export.model.arrays import finite_array
from distill_export.reference.log_mel import mel_power
from distill_runtime.errors import ModelFileError

LEAST_POWER = 1e-6  # mel power, 114 dB under a full-scale sine: where levels begin
_MAX_LEVEL = 100.0  # nepers of power
_SOUNDING = 1e-6  # -60 dB


@dataclass(frozen=True)
class BandLevels:
    """Statistics of the level (`level_of`) of each mel band, over the frames that sound."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def level_of(log_power: torch.Tensor) -> torch.Tensor:
    """Return `log(1 + P / LEAST_POWER)`, 0 for silence, of log1p of the mel power."""
    # Not `log(power + LEAST_POWER)`: the exporter drops the addition of so small a number.
    return torch.log(mel_power(log_power) * (1.0 / LEAST_POWER) + 1.0)


def sounding_frames(log_power: torch.Tensor) -> torch.Tensor:
    """Return the frames that sound, within 60 dB of the loudest of their piece.

    Args:
        log_power: log1p of the mel power, `[pieces, n_mels, frames]`.

    Returns:
        The same of so many frames, float64 `[n_mels, frames]`.
    """
    frames = log_power.double()
    power = mel_power(frames).sum(dim=1)
    sounds = power > _SOUNDING * power.amax(dim=1, keepdim=True)
    return frames.transpose(1, 2)[sounds].T


def read_levels(values: dict[str, Any], *, n_mels: int, owner: str, document: str) -> BandLevels:
    """Return the levels in a model file.

    Args:
        values: What the file has of them.
        n_mels: How many bands there are.
        owner: What complaints call that part.
        document: What complaints call the file.

    Raises:
        ModelFileError: A value is missing, of a wrong type or shape, or out of bounds.
    """
    arrays = []
    for name in ("mean", "deviation"):
        array = finite_array(values, name, (n_mels,), owner=owner, document=document)
        if array.min() < 0.0 or array.max() > _MAX_LEVEL:
            raise ModelFileError(
                f"{document} has a level out of bounds in '{owner}.{name}', expected 0 to "
                f"{_MAX_LEVEL:.0f}"
            )
        arrays.append(tuple(float(value) for value in array))
    return BandLevels(*arrays)


def levels_document(levels: BandLevels) -> dict[str, np.ndarray]:
    """Return what a model file has of them."""
    return {
        "mean": np.array(levels.mean, np.float32),
        "deviation": np.array(levels.deviation, np.float32),
    }
