"""The soft limit leaves what a finished file holds alone, and keeps the rest within full scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from distill_runtime.audio.level import TARGET_PEAK
from distill_runtime.audio.soft_limit import limited_by_db, soft_limit

SOUNDS = hnp.arrays(np.float64, (2, 40), elements=st.floats(-50, 50))


@given(SOUNDS)
def test_nothing_is_beyond_full_scale_and_the_rest_is_untouched(sound: np.ndarray) -> None:
    limited = soft_limit(sound)
    assert np.abs(limited).max() <= 1.0
    quiet = np.abs(sound) <= TARGET_PEAK
    assert np.array_equal(limited[quiet], sound[quiet])
    assert (np.sign(limited) == np.sign(sound)).all()


@given(SOUNDS, st.integers(0, 40))
def test_how_a_sound_is_cut_changes_nothing(sound: np.ndarray, cut: int) -> None:
    joined = np.concatenate([soft_limit(sound[:, :cut]), soft_limit(sound[:, cut:])], axis=1)
    assert np.array_equal(joined, soft_limit(sound))


def test_the_curve_rises_without_a_corner() -> None:
    x = np.linspace(0.0, 4.0, 40_001)
    slope = np.diff(soft_limit(x[None])[0]) / np.diff(x)
    assert (slope > 0).all()
    assert np.abs(np.diff(slope)).max() < 0.01


def test_single_precision_stays_what_it_is() -> None:
    quiet = np.array([0.891, -0.5], np.float32)
    assert soft_limit(quiet) is quiet
    loud = soft_limit(np.array([1e6, -2.0, 0.5], np.float32))
    assert loud.dtype == np.float32
    assert np.abs(loud).max() <= 1.0
    assert loud[2] == 0.5


def test_what_it_takes_is_told_in_decibels() -> None:
    assert limited_by_db(0.0) == limited_by_db(TARGET_PEAK) == 0.0
    assert limited_by_db(1000.0) == pytest.approx(60.0, abs=0.01)
    peak = float(soft_limit(np.array([1.1]))[0])
    assert limited_by_db(1.1) == pytest.approx(20 * np.log10(1.1 / peak))
