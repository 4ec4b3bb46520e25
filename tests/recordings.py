"""Distill's own recordings: those of the demo model, which are committed, and how to compare."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from distill_runtime.audio.snr import snr_db

DEMO = Path(__file__).parent / "reference" / "demo"
DEMO_MODEL = Path(__file__).parents[1] / "artifacts" / "ambience.distill"
FILTER_EDGE = 2048  # samples at 48 kHz, where the shorter of two sounds ends in its filter

Sound = np.ndarray[Any, np.dtype[np.float64]]


@cache
def demo_cases() -> dict[str, dict[str, Any]]:
    """Return what `cases.json` says of each recording of the demo model."""
    return json.loads((DEMO / "cases.json").read_text(encoding="utf-8"))


def demo_recording(name: str) -> Sound:
    """Return a recording of the demo model, `[channels, samples]`."""
    sound, rate_hz = soundfile.read(DEMO / f"{name}.flac", always_2d=True)
    assert rate_hz == demo_cases()[name]["sample_rate_hz"]
    return sound.T


def snr_up_to_gain(expected: Sound, found: np.ndarray, rate_hz: int = 48_000) -> float:
    """Return how near a sound is to Distill's, in dB, at one level and short of the filter's edge.

    Args:
        expected: `[channels, samples]`, Distill's.
        found: `[channels, samples]`, as long or longer.
        rate_hz: The sampling rate of both.
    """
    assert expected.shape[0] == found.shape[0]
    assert expected.shape[1] <= found.shape[1]
    kept = expected.shape[1] - FILTER_EDGE * rate_hz // 48_000
    expected, found = expected[:, :kept], found[:, :kept].astype(np.float64)
    gain = float((expected * found).sum() / np.square(found).sum())
    return snr_db(expected, gain * found)
