"""The level of a finished sound: its peak, and the one gain that brings it to the target."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

TARGET_PEAK = 0.891  # 1 dB below full scale

# -160 dB of full scale. What is quieter is rounding noise, and normalising it would make it heard.
SILENCE_PEAK = 1e-8


def peak(x: npt.NDArray[np.floating[Any]]) -> float:
    """Return the largest magnitude over all channels.

    Args:
        x: `[..., samples]`; of a sound that comes in blocks, take the largest of theirs.

    Returns:
        0 or more; 0 of no samples, NaN if any sample is.
    """
    if x.size == 0:
        return 0.0
    # Not abs(x).max(), which would hold a second copy of the sound.
    return max(abs(float(x.max())), abs(float(x.min())))


def normalization_gain(peak: float, target: float = TARGET_PEAK) -> float:
    """Return the factor that brings a peak to the target, the same for every channel.

    Args:
        peak: Largest magnitude of the sound, 0 or more.
        target: The peak that is wanted, full scale being 1.

    Returns:
        The gain; 1 for silence, which stays silence.

    Raises:
        ValueError: The peak is negative, NaN or infinite: no gain would mend such a sound.
    """
    if not math.isfinite(peak) or peak < 0.0:
        raise ValueError(f"the peak is {peak}, expected a finite number, 0 or more")
    return 1.0 if is_silent(peak) else target / peak


def is_silent(peak: float) -> bool:
    """Whether a sound with this peak counts as silence."""
    return peak < SILENCE_PEAK
