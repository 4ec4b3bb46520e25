"""The soft limit: nothing up to the target, never full scale, and without a corner."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.audio.level import TARGET_PEAK
from distill_runtime.audio.soft_limit import limited_by_db, soft_limit


def test_up_to_the_target_nothing_changes() -> None:
    x = np.linspace(-0.891, 0.891, 1001, dtype=np.float32)
    assert soft_limit(x) is x


@given(st.floats(0.0, 1e6))
def test_no_sample_passes_full_scale(size: float) -> None:
    x = np.array([size, -size], np.float32)
    y = soft_limit(x)
    assert np.abs(y).max() <= 1.0
    assert y[0] == -y[1]
    assert y[0] <= x[0]


def test_the_curve_rises_and_has_no_corner() -> None:
    x = np.linspace(0.8, 1.2, 40_001, dtype=np.float32)
    y = soft_limit(x).astype(np.float64)
    assert (np.diff(y) >= 0.0).all()
    slope = np.diff(y[::400]) / np.diff(x[::400].astype(np.float64))
    assert np.abs(np.diff(slope)).max() < 0.1


def test_each_channel_is_limited_by_itself() -> None:
    x = np.array([[0.5, 2.0], [-2.0, 0.25]], np.float32)
    y = soft_limit(x)
    assert y[0, 0] == 0.5
    assert y[1, 1] == 0.25
    assert y[0, 1] == -y[1, 0] == pytest.approx(1.0)


def test_what_it_takes_is_told_in_decibels() -> None:
    assert limited_by_db(0.0) == limited_by_db(TARGET_PEAK) == 0.0
    assert limited_by_db(2.0) == pytest.approx(6.02, abs=0.01)
    peak = float(soft_limit(np.array([1.1], np.float32))[0])
    assert limited_by_db(1.1) == pytest.approx(20 * np.log10(1.1 / peak), abs=1e-5)
