"""Figures of sounds whose figures are known."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.audio.level_meter import LevelMeter, Levels


def measured(sound: np.ndarray, gain: float = 1.0) -> Levels:
    meter = LevelMeter()
    meter.add(np.atleast_2d(sound))
    return meter.levels(gain)


def sine(level: float, offset: float = 0.0) -> np.ndarray:
    return level * np.sin(2 * np.pi * np.arange(48_000) / 100) + offset


def test_a_sine() -> None:
    quality = measured(sine(0.5))
    assert quality.peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert quality.rms_dbfs == pytest.approx(-9.03, abs=0.01)
    assert quality.dc_offset == pytest.approx(0.0, abs=1e-9)
    assert not quality.clips
    assert quality.describe() == "peak -6.0 dBFS, RMS -9.0 dBFS, no clipping, no DC"


@pytest.mark.parametrize(("level", "clips"), [(0.99, False), (1.0, True), (1.5, True)])
def test_clipping(level: float, clips: bool) -> None:
    quality = measured(np.array([0.0, -level, 0.1]))
    assert quality.clips is clips
    assert ("it clips" in quality.describe()) is clips


@pytest.mark.parametrize(("offset", "word"), [(0.25, "DC +0.250"), (-0.01, "DC -0.010")])
def test_an_offset_is_told_with_its_sign(offset: float, word: str) -> None:
    quality = measured(sine(0.1, offset))
    assert quality.dc_offset == pytest.approx(offset)
    assert quality.describe().endswith(word)


@pytest.mark.parametrize("sound", [np.zeros((1, 100)), np.zeros((2, 0)), np.full((1, 9), 1e-12)])
def test_silence_is_finite_and_told(sound: np.ndarray) -> None:
    quality = measured(sound)
    assert quality.describe() == "silent"
    assert json.loads(json.dumps(vars(quality), allow_nan=False))["peak_dbfs"] == -200.0


def test_nothing_at_all_is_silence() -> None:
    assert LevelMeter().levels() == Levels(-200.0, -200.0, 0.0, False, -200.0, -200.0)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=5), st.floats(0.01, 4.0))
def test_blocks_and_a_gain_change_nothing(sizes: list[int], gain: float) -> None:
    """What is measured in any blocks, times a gain, is the louder sound measured at once."""
    sound = np.random.default_rng(sum(sizes)).normal(0.05, 0.2, (2, sum(sizes) + 1))
    meter = LevelMeter()
    for block in np.split(sound, np.cumsum(sizes), axis=1):
        meter.add(block)
    found, expected = meter.levels(gain), measured(sound * gain)
    assert found.peak_dbfs == pytest.approx(expected.peak_dbfs)
    assert found.rms_dbfs == pytest.approx(expected.rms_dbfs)
    assert found.dc_offset == pytest.approx(expected.dc_offset, abs=1e-12)
    assert found.start_dbfs == pytest.approx(20 * math.log10(np.abs(sound[:, 0]).max() * gain))
    assert found.end_dbfs == pytest.approx(20 * math.log10(np.abs(sound[:, -1]).max() * gain))
    assert math.isclose(10 ** (found.peak_dbfs / 20), np.abs(sound).max() * gain, rel_tol=1e-9)


def test_single_precision_is_summed_in_double() -> None:
    """Float32 sums of a minute would drift by more than the offset that is measured here."""
    quality = measured(np.full((1, 2_000_000), 0.1, np.float32))
    assert quality.dc_offset == pytest.approx(np.float32(0.1), abs=1e-12)
