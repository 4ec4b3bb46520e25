"""The classifier guesses where there is nothing to know, and knows what is plain."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch")

from benchmarks.listening.sounds import Sound
from benchmarks.listening.two_sample import area_under_curve, patches, two_sample_auc
from tests.benchmarks.listening.synthetic_sounds import noise, pad, sounds, times


def test_sounds_of_one_source_cannot_be_told_apart() -> None:
    told = two_sample_auc(sounds(noise, 8), sounds(noise, 8, first=50))
    assert told == pytest.approx(0.5, abs=0.1)


def test_pads_and_noises_are_told_apart() -> None:
    assert two_sample_auc(sounds(pad, 4), sounds(noise, 4)) > 0.99


def test_what_is_known_of_a_sound_is_not_asked_of_it() -> None:
    """Patches of a pad are all alike, so a split by patches would know every sound."""
    assert two_sample_auc(sounds(pad, 6), sounds(pad, 6, first=50)) < 0.7


def test_silence_and_what_is_inaudibly_high_give_nothing_away() -> None:
    first, cut = [], []
    for seed in range(12):  # a loud tone, which alone decides the level
        sound = np.sin(2 * np.pi * 500 * times(2.0)).astype(np.float32) + 0.03 * noise(seed)
        if seed < 6:
            first.append(Sound.of("whole", sound))
            continue
        spectrum = np.fft.rfft(sound)  # nothing above 19.5 kHz, and the second half silent
        spectrum[round(19_500 / 24_000 * len(spectrum)) :] = 0
        kept = np.fft.irfft(spectrum).astype(np.float32)
        kept[48_000:] *= 1e-4
        cut.append(Sound.of("cut", kept))
    assert two_sample_auc(first, cut) == pytest.approx(0.5, abs=0.1)


def test_silent_patches_are_left_out() -> None:
    sound = pad(1, 1.0)
    assert len(patches(Sound.of("whole", sound))) == 5
    sound[24_000:] = 0
    assert len(patches(Sound.of("half", sound))) in {2, 3}


def test_one_sound_is_too_few() -> None:
    assert math.isnan(two_sample_auc(sounds(pad, 1), sounds(noise, 4)))


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    positive = np.array([False, False, True, True])
    assert area_under_curve(np.array([1.0, 2.0, 3.0, 4.0]), positive) == 1
    assert area_under_curve(np.array([1.0, 3.0, 2.0, 4.0]), positive) == 0.75
    assert area_under_curve(np.zeros(4), positive) == 0.5
