"""Signal-to-noise ratio: how near one sound is to another."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

MAX_SNR_DB = 300.0  # of equal sounds: a finite number, which JSON can hold


def snr_db(expected: npt.NDArray[np.floating[Any]], found: npt.NDArray[np.floating[Any]]) -> float:
    """Return `10 log10(sum expected^2 / sum (expected - found)^2)`, -300 to 300 dB.

    Args:
        expected: The signal, any shape.
        found: What is to be near it, of the same shape.

    Raises:
        ValueError: The shapes differ.
    """
    if expected.shape != found.shape:
        raise ValueError(f"shapes {expected.shape} and {found.shape} differ")
    reference = expected.astype(np.float64)
    noise = float(np.square(reference - found).sum())
    signal = float(np.square(reference).sum())
    if noise == 0.0:
        return MAX_SNR_DB
    if signal == 0.0 or not math.isfinite(noise):  # NaN or infinite samples are no sound at all
        return -MAX_SNR_DB
    decibels = 10.0 * (math.log10(signal) - math.log10(noise))
    return max(-MAX_SNR_DB, min(decibels, MAX_SNR_DB))
