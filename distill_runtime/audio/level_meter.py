"""What can be said of a sound by numbers: peak, loudness, clipping, offset, its two ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_runtime.audio.level import is_silent, peak

_FLOOR_DB = -200.0  # of silence: a finite number, which JSON can hold


@dataclass(frozen=True)
class Levels:
    """Figures of a finished sound, relative to full scale."""

    peak_dbfs: float
    rms_dbfs: float
    dc_offset: float  # mean of all samples, full scale being 1
    clips: bool  # whether a sample is at full scale or beyond
    start_dbfs: float  # the first sample, of the louder channel
    end_dbfs: float  # the last one

    def describe(self) -> str:
        """Return the figures in one line."""
        if self.peak_dbfs <= _FLOOR_DB:
            return "silent"
        clipping = "it clips" if self.clips else "no clipping"
        offset = "no DC" if abs(self.dc_offset) < 1e-3 else f"DC {self.dc_offset:+.3f}"
        return f"peak {self.peak_dbfs:.1f} dBFS, RMS {self.rms_dbfs:.1f} dBFS, {clipping}, {offset}"


class LevelMeter:
    """Measures a sound block by block, in constant memory."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._count = 0
        self._sum = 0.0
        self._squares = 0.0
        self._first: float | None = None
        self._last = 0.0

    def add(self, block: npt.NDArray[np.floating[Any]]) -> None:
        """Take the next `[channels, samples]`."""
        if block.shape[1]:
            self._first = peak(block[:, 0]) if self._first is None else self._first
            self._last = peak(block[:, -1])
        values = block.astype(np.float64).ravel()
        self.peak = max(self.peak, peak(block))
        self._count += values.size
        self._sum += float(values.sum())
        # Not a product of BLAS, which would wake threads of its own for it.
        self._squares += float(np.einsum("i,i", values, values))

    def levels(self, gain: float = 1.0) -> Levels:
        """Return the figures of the sound times `gain`."""
        level = self.peak * gain
        mean_square = self._squares / max(self._count, 1) * gain**2
        return Levels(
            peak_dbfs=_decibels(0.0 if is_silent(level) else level),
            rms_dbfs=_decibels(math.sqrt(mean_square)),
            dc_offset=self._sum / max(self._count, 1) * gain,
            clips=level >= 1.0,
            start_dbfs=_decibels((self._first or 0.0) * gain),
            end_dbfs=_decibels(self._last * gain),
        )


def _decibels(level: float) -> float:
    return _FLOOR_DB if level <= 0.0 else max(20.0 * math.log10(level), _FLOOR_DB)
