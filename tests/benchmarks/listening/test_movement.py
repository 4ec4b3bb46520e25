"""Onsets are sharp where they are, and modulations lie at their rates."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from benchmarks.listening.movement import (
    modulation_db,
    modulation_distance_db,
    sharpest_onsets,
)
from benchmarks.listening.sounds import Sound
from tests.benchmarks.listening.synthetic_sounds import clicks, modulated, noise, pad, sounds, times


def test_clicks_have_sharper_onsets_than_pads_and_noise() -> None:
    later = [[strength for strength, _ in sharpest_onsets(x(3))][1] for x in (clicks, noise, pad)]
    assert later[0] > 30
    assert max(later[1:]) < 8


def test_a_buzz_at_the_frame_rate_and_a_deep_tone_are_no_onsets() -> None:
    buzz = modulated(93.75, 0.8, 2.0) + np.sin(2 * np.pi * 30 * times(2.0)).astype(np.float32)
    assert sharpest_onsets(buzz)[1][0] < 3


def test_a_sound_begins_out_of_silence() -> None:
    assert sharpest_onsets(noise(1, 0.5))[0][0] > 30


def test_what_comes_before_an_onset_is_heard() -> None:
    # A noise that swells for 0.4 s, so that its beginning is no onset, and then a louder one.
    dry = 0.01 * noise(4, 1.0) * np.minimum(1, times(1.0) / 0.4).astype(np.float32)
    dry[24_000:] += noise(5, 0.5)
    early = dry.copy()
    early[24_000 - 960 : 24_000] += 0.05 * noise(6, 0.02)
    rises = [ahead for sound in (dry, early) for _, ahead in sharpest_onsets(sound)]
    assert abs(rises[0]) < 3
    assert rises[1] - rises[0] == pytest.approx(10 * np.log10(1 + 25), abs=4)


def test_a_modulation_lies_at_its_rate() -> None:
    tremolo = Sound.of("tremolo", modulated(8, 0.5, 2.0))
    spectrum = modulation_db([tremolo])
    band = int(tremolo.mel[0].mean(dim=1).argmax())
    assert int(spectrum[band].argmax()) == 7  # rates begin at 1 Hz
    assert spectrum.shape[1] == 40


def test_modulations_of_a_kind_are_near_and_others_far() -> None:
    one, other, still = (
        modulation_db(sounds(kind, 4, first=first))
        for kind, first in ((clicks, 0), (clicks, 9), (noise, 0))
    )
    assert modulation_distance_db(one, one) == 0
    assert 3 * modulation_distance_db(one, other) < modulation_distance_db(one, still)
