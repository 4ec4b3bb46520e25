"""Levels are those of the bands that can be heard, in frames that sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch

pytest.importorskip("torch")

from benchmarks.listening.levels import (
    band_edges_hz,
    cells_db,
    heard_bands,
    mean_difference_db,
    mel_power,
    percentiles_db,
    quiet_db,
    sounding,
    spread_db,
)
from benchmarks.listening.sounds import Sound
from tests.benchmarks.listening.synthetic_sounds import modulated, noise, pad, sounds, times


def test_the_bands_end_below_the_low_pass() -> None:
    assert mel_power(noise(1, 0.5)[None]).shape[1] == heard_bands()
    last = heard_bands() - 1
    assert band_edges_hz()[last + 2] < 19_000 < band_edges_hz()[last + 3]


def test_a_tone_is_loudest_in_its_band() -> None:
    tone = np.sin(2 * np.pi * 5000 * times(0.5)).astype(np.float32)
    band = int(mel_power(tone[None])[0].mean(1).argmax())
    assert band_edges_hz()[band] < 5000 < band_edges_hz()[band + 2]


def test_a_sound_is_no_distance_from_itself_and_its_gain_from_its_echo() -> None:
    cells = cells_db(sounds(noise, 2))
    assert mean_difference_db(cells, cells) == (0.0, 0.0)
    assert mean_difference_db(cells - 6, cells) == pytest.approx((6.0, -6.0))


def test_only_the_bands_from_4_to_12_khz_count_as_high() -> None:
    cells = torch.zeros(heard_bands(), 3)
    brighter = cells.clone()
    peaks_hz = band_edges_hz()[1 : heard_bands() + 1]
    brighter[(peaks_hz > 4000) & (peaks_hz < 12_000)] = 10.0
    assert mean_difference_db(brighter, cells)[1] == pytest.approx(10.0)
    assert mean_difference_db(10.0 - brighter, cells)[1] == pytest.approx(0.0)


def test_silence_does_not_sound_and_is_not_compared() -> None:
    half = pad(1, 1.0)
    half[24_000:] = 0
    frames = sounding(Sound.of("half", half).mel)[0]
    assert frames[:45].all()
    assert not frames[50:].any()
    short, long = Sound.of("short", half[:24_000]), Sound.of("long", half)
    assert mean_difference_db(cells_db([short]), cells_db([long]))[0] == pytest.approx(0, abs=0.01)


def test_a_noise_is_nowhere_quiet_and_a_tone_nearly_everywhere() -> None:
    assert quiet_db(Sound.of("noise", noise(1))) > -30
    assert quiet_db(Sound.of("tone", modulated(5, 0.0, 1.0))) < -60


def test_the_spread_is_that_of_the_levels() -> None:
    steady = spread_db(cells_db([Sound.of("noise", noise(1))]))
    swelling = noise(1) * np.repeat([1.0, 0.1], 48_000).astype(np.float32)
    moving = Sound.of("swell", swelling, one_gain=True)
    assert steady < 4
    assert spread_db(cells_db([moving])) == pytest.approx(np.hypot(10, steady), abs=1)


def test_percentiles_are_of_groups_of_bands() -> None:
    cells = torch.arange(heard_bands())[:, None].repeat(1, 3).double()
    found = percentiles_db(cells)
    assert len(found) == 12
    assert found["48-79 p50"] == pytest.approx(63.5)
