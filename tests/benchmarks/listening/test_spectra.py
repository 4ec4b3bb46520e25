"""What a sound is made of is measured where it is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch")

from benchmarks.listening.spectra import (
    FRAME_RATE_HZ,
    PATTERN_RATES_HZ,
    envelope_line_db,
    flatness,
    roughness_db,
)
from tests.benchmarks.listening.synthetic_sounds import modulated, noise, pad, times


def test_white_noise_is_as_flat_as_theory_has_it_and_a_tone_is_not() -> None:
    # exp(-Euler's constant): the power of a bin of noise is exponentially distributed.
    assert flatness(noise(1)) == pytest.approx((0.561, 0.561), abs=0.01)
    assert max(flatness(np.sin(2 * np.pi * 1000 * times(1.0)).astype(np.float32))) < 1e-5


def test_silence_between_tones_is_not_counted() -> None:
    tone = pad(1, 1.0)
    tone[24_000:] = 0
    assert flatness(tone)[1] < 1e-3


@pytest.mark.parametrize("rate_hz", [FRAME_RATE_HZ, *PATTERN_RATES_HZ])
def test_a_buzz_is_found_at_its_own_rate(rate_hz: float) -> None:
    hiss = 0.1 * noise(2, 4.0)
    still, buzzing = modulated(rate_hz, 0.0) + hiss, modulated(rate_hz, 0.3) + hiss
    for hz in (FRAME_RATE_HZ, *PATTERN_RATES_HZ):
        assert (envelope_line_db(buzzing, hz) > 25) == (hz == rate_hz)
        assert envelope_line_db(still, hz) < 9


def test_a_line_needs_half_a_second() -> None:
    assert math.isnan(envelope_line_db(noise(1, 0.3), FRAME_RATE_HZ))
    assert math.isnan(roughness_db(noise(1, 0.3)))


@pytest.mark.parametrize("depth", [0.5, 0.05])
def test_roughness_is_the_depth_of_a_fast_modulation(depth: float) -> None:
    assert roughness_db(modulated(50, depth)) == pytest.approx(10 * np.log10(depth**2 / 2), abs=0.3)
    assert roughness_db(modulated(4, depth)) < -60


def test_a_deep_tone_is_not_rough() -> None:
    deep = np.sin(2 * np.pi * 25 * times(2.0)).astype(np.float32)
    assert roughness_db(modulated(50, 0.0, 2.0) + deep) < -40
