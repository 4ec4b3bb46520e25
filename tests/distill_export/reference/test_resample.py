from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.reference.resample import resample


def sine(frequency_hz: float, rate_hz: int, samples: int) -> torch.Tensor:
    n = torch.arange(samples, dtype=torch.float64)
    return torch.sin(2 * math.pi * frequency_hz / rate_hz * n + 0.3)


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
@pytest.mark.parametrize("frequency_hz", [100.0, 1000.0, 9000.0, 14_000.0])
def test_a_sine_stays_one(frequency_hz: float, rate_hz: int) -> None:
    found = resample(sine(frequency_hz, 48_000, 9600), rate_hz)
    expected = sine(frequency_hz, rate_hz, len(found))
    middle = slice(200, -200)  # at its ends the sound is cut off
    torch.testing.assert_close(found[middle], expected[middle], rtol=0, atol=2e-2)


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
@pytest.mark.parametrize("samples", [1, 2, 159, 160, 161, 960])
def test_every_sample_is_the_formulas(samples: int, rate_hz: int) -> None:
    sound = torch.randn(samples, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = resample(sound, rate_hz)
    ratio = rate_hz / 48_000
    cutoff = 0.99 * min(1.0, ratio)
    u = cutoff * (np.arange(samples)[:, None] - np.arange(len(found)) / ratio)
    window = np.where(np.abs(u) <= 6, np.cos(np.pi * u / 12) ** 2, 0)
    expected = sound.numpy() @ (cutoff * np.sinc(u) * window)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


@settings(deadline=None, max_examples=30)
@given(samples=st.integers(1, 2000), rate_hz=st.sampled_from([44_100, 48_000, 96_000]))
def test_the_length_is_rounded_up(samples: int, rate_hz: int) -> None:
    found = resample(torch.zeros(2, samples), rate_hz)
    assert found.shape == (2, math.ceil(samples * rate_hz / 48_000))
    assert found.dtype == torch.float32


def test_channels_are_apart_and_the_same_rate_changes_nothing() -> None:
    sound = torch.randn(2, 900, generator=torch.Generator().manual_seed(1))
    assert resample(sound, 48_000) is sound
    both = resample(sound, 44_100)
    torch.testing.assert_close(both[1], resample(sound[1], 44_100))
