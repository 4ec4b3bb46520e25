"""Peak and gain."""

from __future__ import annotations

import math

import numpy as np
import pytest

from distill_runtime.audio.level import TARGET_PEAK, is_silent, normalization_gain, peak


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([[0.5, -0.25], [0.0, 0.75]], 0.75),
        ([[0.5, -0.875]], 0.875),
        ([0.0, 0.0], 0.0),
        ([], 0.0),
        ([[], []], 0.0),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_peak(x: list[float], expected: float, dtype: type[np.floating]) -> None:
    assert peak(np.array(x, dtype=dtype)) == expected


def test_a_nan_is_not_overlooked() -> None:
    assert math.isnan(peak(np.array([0.1, np.nan, 0.2])))
    assert peak(np.array([0.1, -np.inf])) == math.inf


def test_the_target_is_met_by_the_louder_channel() -> None:
    x = np.random.default_rng(0).standard_normal((2, 1000)) * [[0.1], [0.4]]
    normalised = normalization_gain(peak(x)) * x
    assert peak(normalised) == pytest.approx(0.891, rel=1e-12)
    np.testing.assert_allclose(normalised[0] * x[1], normalised[1] * x[0])


def test_another_target() -> None:
    assert normalization_gain(0.25, 0.5) == 2.0


@pytest.mark.parametrize("silent", [0.0, 1e-45, 9e-9])
def test_silence_stays_silence(silent: float) -> None:
    assert is_silent(silent)
    assert normalization_gain(silent) == 1.0


def test_a_faint_sound_is_no_silence() -> None:
    assert not is_silent(1e-7)
    assert normalization_gain(1e-7) == TARGET_PEAK / 1e-7


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.5])
def test_what_no_gain_mends(value: float) -> None:
    with pytest.raises(ValueError, match=f"the peak is {value}, expected a finite number"):
        normalization_gain(value)
