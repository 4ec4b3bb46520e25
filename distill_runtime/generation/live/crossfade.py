"""From one sound into another that replaces it, without a click and without a dip."""

from __future__ import annotations

import math

import numpy as np

from distill_runtime.arrays import Float32Array

FADE_SAMPLES = 960  # 20 ms at 48 kHz

# The correlation counts in so many parts, so that the last bits of a sum, which no two programs
# add up alike, decide nothing.
_PARTS = 16


def crossfade(old: Float32Array, new: Float32Array) -> Float32Array:
    """Go from one sound to the other within their common length.

    The weights rise as 6t^5 - 15t^4 + 10t^3 (Perlin, "Improving noise", 2002), whose slope and
    curvature vanish at both ends. They are divided by the root of the power that two signals of
    this correlation would have under them, so that neither alike nor unlike sounds change in
    level; for sounds that are alike that is 1.

    Args:
        old: `[rows, samples]`, what is heard at the beginning.
        new: The same shape, what is heard at the end.

    Returns:
        `[rows, samples]`.
    """
    samples = old.shape[1]
    before, after = old.astype(np.float64), new.astype(np.float64)
    t = (np.arange(samples) + 0.5) / samples
    rise = t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
    fall = 1.0 - rise
    power = rise * rise + fall * fall + 2.0 * _correlation(before, after) * rise * fall
    faded = (fall * before + rise * after) / np.sqrt(power)
    result: Float32Array = faded.astype(np.float32)
    return result


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return how alike two sounds are, 0 (or opposite) to 1."""
    energy = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    if energy == 0.0:
        return 1.0  # one of them is silence: its weight is right as it is
    return min(1.0, max(0.0, round(float((a * b).sum()) / energy * _PARTS) / _PARTS))
