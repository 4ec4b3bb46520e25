"""Comparing sounds with the original program's own recordings of them.

The original sets the level before it cuts, so two sounds are compared at one level; its sound may
be a little shorter, and at its end it is in its filter's edge.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import SAMPLE_RATE_HZ

DEMO = Path(__file__).parent / "reference" / "demo"

# Of the model in ../shared/reference; its cases.json has their settings.
REFERENCE_CASES = (
    "crossfade_1s_seed42",
    "crossfade_4s_seed42",
    "crossfade_10s_seed7",
    "latent_interpolation_3p5s_seed1",
    "sliders_random3_4s_seed5",
    "sliders_random3_static_2s_seed5",
    "sliders_5_m3_evolve1_6s_seed9",
    "dual_seed_2s_seed11",
    "mid_side_2s_seed11",
    "stereo_w07_d05_2s_seed11",
    "resample_44100_2s_seed13",
    "resample_96000_2s_seed13",
)

_FILTER_EDGE = 2048  # samples at 48 kHz
_BAND_HZ = 18_000  # below it the resamplers must agree


def compared(
    expected: np.ndarray[Any, Any], found: np.ndarray[Any, Any], rate_hz: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], float]:
    """Return both `[channels, samples]` over what can be compared, at one level, and the gain."""
    kept = min(expected.shape[1], found.shape[1]) - _FILTER_EDGE * rate_hz // SAMPLE_RATE_HZ
    expected = expected[:, :kept].astype(np.float64)
    found = found[:, :kept].astype(np.float64)
    gain = float((expected * found).sum() / np.square(found).sum())
    return expected, gain * found, gain


def agreement_db(
    expected: np.ndarray[Any, Any], found: np.ndarray[Any, Any], rate_hz: int
) -> float:
    """Return the signal-to-noise ratio of a sound; of a resampled one, of what is below 18 kHz."""
    expected, found, _ = compared(expected, found, rate_hz)
    if rate_hz == SAMPLE_RATE_HZ:
        return snr_db(expected, found)
    spectra = [_below_band(sound, rate_hz) for sound in (expected, found)]
    parts = [np.stack([spectrum.real, spectrum.imag]) for spectrum in spectra]
    return snr_db(*parts)


def _below_band(sound: np.ndarray[Any, Any], rate_hz: int) -> np.ndarray[Any, Any]:
    spectrum = np.fft.rfft(sound * np.hanning(sound.shape[1]))
    return spectrum[:, np.fft.rfftfreq(sound.shape[1], 1 / rate_hz) < _BAND_HZ]
