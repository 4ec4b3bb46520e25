"""A cross-fade starts as one sound, ends as the other, and keeps their level between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.generation.live.crossfade import FADE_SAMPLES, crossfade


def noise(seed: int, rows: int = 1, samples: int = FADE_SAMPLES) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, samples)).astype(np.float32)


@given(st.integers(0, 99), st.integers(1, 2))
def test_a_sound_faded_into_itself_is_the_sound(seed: int, rows: int) -> None:
    sound = noise(seed, rows)
    assert np.array_equal(crossfade(sound, sound), sound)


def test_it_leaves_and_arrives_without_a_corner() -> None:
    old, new = noise(1), noise(2)
    faded = crossfade(old, new)
    # In the first and last two milliseconds the other sound is 40 dB and more below.
    assert np.abs(faded[:, :96] - old[:, :96]).max() < 0.04
    assert np.abs(faded[:, -96:] - new[:, -96:]).max() < 0.04


def test_a_smooth_sound_stays_smooth() -> None:
    t = np.arange(FADE_SAMPLES) / 48_000
    old = np.sin(2 * np.pi * 220 * t)[None].astype(np.float32)
    new = 0.5 * np.sin(2 * np.pi * 331 * t + 1)[None].astype(np.float32)
    bend = np.abs(np.diff(crossfade(old, new).astype(float), 2)).max()
    assert bend < 1.5 * max(np.abs(np.diff(sound.astype(float), 2)).max() for sound in (old, new))


@pytest.mark.parametrize("alike", [0.0, 0.5, 0.9, 1.0])
def test_the_level_stays_however_alike_the_sounds_are(alike: float) -> None:
    samples = 2**17
    one, other = noise(3, samples=samples), noise(4, samples=samples)
    faded = crossfade(one, np.float32(alike) * one + np.float32((1 - alike**2) ** 0.5) * other)
    power = (faded.astype(float) ** 2).reshape(64, -1).mean(axis=1)
    assert np.abs(10 * np.log10(power)).max() < 0.6


def test_silence_fades_into_sound() -> None:
    sound = noise(5)
    rising = crossfade(np.zeros_like(sound), sound)
    assert np.isfinite(rising).all()
    assert np.abs(rising[:, :96]).max() < 0.05
    assert np.allclose(rising[:, -4:], sound[:, -4:], atol=1e-4)


def test_opposite_sounds_cross_without_division_by_nothing() -> None:
    sound = noise(6)
    assert np.isfinite(crossfade(sound, -sound)).all()


def test_no_samples_are_no_trouble() -> None:
    assert crossfade(noise(7)[:, :1], noise(8)[:, :1]).shape == (1, 1)
