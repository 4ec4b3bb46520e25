"""Copies are found, and so is what is missing."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("torch")

from benchmarks.listening.neighbours import nearest_db
from benchmarks.listening.sounds import Sound
from tests.benchmarks.listening.synthetic_sounds import clicks, noise, pad, sounds


def test_a_copy_is_at_no_distance_whatever_its_level() -> None:
    recordings = sounds(pad, 3)
    copy = Sound.of("copy", 0.3 * recordings[1].whole)
    assert nearest_db([copy], recordings).max() < 0.01


def test_no_second_is_its_own_neighbour() -> None:
    recordings = [*sounds(pad, 2), *sounds(clicks, 1)]
    near = nearest_db(recordings, recordings)
    assert len(near) == 6
    assert near.min() > 1
    assert math.isinf(nearest_db(recordings[:1], recordings[:1])[0])


def test_the_missing_half_of_a_corpus_shows_in_one_direction() -> None:
    pads, drums = sounds(pad, 3), sounds(clicks, 3)
    found = sounds(clicks, 3, first=9)
    there, back = nearest_db(found, [*pads, *drums]), nearest_db([*pads, *drums], found)
    assert there.max() < 10
    assert back[:6].min() > 1.5 * back[6:].max()


def test_the_distance_is_the_one_that_trainings_are_judged_by() -> None:
    one, other = sounds(noise, 2)
    expected = min((levels_of(one)[0] - levels_of(other)[i]).abs().mean().item() for i in range(2))
    assert nearest_db([one], [other])[0].item() == pytest.approx(expected, rel=1e-4)


def levels_of(sound: Sound):
    return 10 * (sound.mel + 1e-2).log10()
