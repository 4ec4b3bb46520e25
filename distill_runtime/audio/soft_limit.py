"""A limit that bends instead of clipping, for a sound whose peak nobody knows beforehand."""

from __future__ import annotations

import numpy as np

from distill_runtime.arrays import Float64Array
from distill_runtime.audio.level import TARGET_PEAK

_HEADROOM = 1.0 - TARGET_PEAK


def soft_limit(x: Float64Array) -> Float64Array:
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
    return np.copysign(limited, x)
