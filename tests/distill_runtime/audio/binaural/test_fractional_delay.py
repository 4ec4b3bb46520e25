"""Delays between samples: as late as asked, and as loud, up to 20 kHz."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.audio.binaural.fractional_delay import HALF_LENGTH, fractional_delay

FREQUENCIES_HZ = np.linspace(20.0, 20_000.0, 400)


@given(st.floats(0.0, 60.0))
def test_its_magnitude_and_its_delay_are_those_that_were_asked(delay: float) -> None:
    kernel = fractional_delay(delay)
    radians = 2.0 * np.pi * FREQUENCIES_HZ / 48_000.0
    response = np.exp(-1j * np.outer(radians, np.arange(len(kernel)))) @ kernel
    assert np.abs(20.0 * np.log10(np.abs(response))).max() < 3e-5
    late = -np.angle(response * np.exp(1j * radians * (HALF_LENGTH + delay))) / radians
    assert np.abs(late).max() < 1e-5  # of a sample


@pytest.mark.parametrize("delay", [0, 1, 17])
def test_a_whole_sample_is_a_click(delay: int) -> None:
    expected = np.zeros(2 * HALF_LENGTH + 1 + delay)
    expected[HALF_LENGTH + delay] = 1.0
    np.testing.assert_allclose(fractional_delay(delay), expected, atol=1e-15)
