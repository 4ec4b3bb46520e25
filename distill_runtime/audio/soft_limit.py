"""A limit that bends instead of clipping, for a sound whose peak nobody knows beforehand."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from distill_runtime.audio.level import TARGET_PEAK

_HEADROOM = 1.0 - TARGET_PEAK

_Real = TypeVar("_Real", np.float32, np.float64)


def soft_limit(x: npt.NDArray[_Real]) -> npt.NDArray[_Real]:
    """Keep a sound within full scale.

    Up to the level that a finished file has, nothing is changed. What exceeds it by e is led
    towards full scale along `h e / (h + e)`, h being the room that is left: the slope is 1 where it
    begins, so the curve has no corner. It is memoryless, and made of operations that every machine
    rounds alike.

    Args:
        x: `[..., samples]`.

    Returns:
        The same shape, every value from -1 to 1.
    """
    magnitude = np.abs(x)
    over = np.maximum(magnitude - TARGET_PEAK, 0.0)
    if not over.any():
        return x
    limited = np.minimum(magnitude, TARGET_PEAK) + _HEADROOM * over / (_HEADROOM + over)
    bent: npt.NDArray[_Real] = np.copysign(limited, x)
    return bent


def limited_by_db(peak: float) -> float:
    """Return by how many decibels the limit lowers a peak; 0 up to the level of a finished file."""
    limited = float(soft_limit(np.array([peak]))[0])
    return 20.0 * math.log10(peak / limited) if limited < peak else 0.0
