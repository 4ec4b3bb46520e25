"""A soft limit: what goes beyond the peak of a finished sound bends towards full scale."""

from __future__ import annotations

import math

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.audio.level import TARGET_PEAK

_ROOM = 1.0 - TARGET_PEAK


def soft_limit(x: Float32Array) -> Float32Array:
    """Bend samples beyond the target peak, 0.891, so that none passes full scale.

    Up to the target a sample stays as it is, bit for bit. Beyond it the curve goes on with the same
    slope, as a hyperbolic tangent. A sample's value depends on no other.

    Args:
        x: `[..., samples]`.
    """
    size = np.abs(x)
    over = size > TARGET_PEAK
    if not over.any():
        return x
    limited = x.copy()
    bent = TARGET_PEAK + _ROOM * np.tanh((size[over] - TARGET_PEAK) / _ROOM)
    limited[over] = np.copysign(bent, x[over])
    return limited


def limited_by_db(peak: float) -> float:
    """Return by how many decibels the limit lowers a peak; 0 up to the target."""
    if peak <= TARGET_PEAK:
        return 0.0
    bent = TARGET_PEAK + _ROOM * math.tanh((peak - TARGET_PEAK) / _ROOM)
    return 20.0 * math.log10(peak / bent)
