"""What can be moved, by which names, and how far."""

from __future__ import annotations

import pytest

from distill_runtime.cli.live.fader import (
    CONTROL,
    DRIFT,
    LEVEL,
    NEARNESS,
    SLIDER,
    faders_of,
    find_fader,
    find_slider,
)
from distill_runtime.contract import Landmarks
from distill_runtime.errors import RequestError
from tests.distill_runtime.cli.live.fake_sound import fake_artifact


def test_controls_come_first_then_sliders_drift_and_level() -> None:
    faders = faders_of(fake_artifact())
    assert [(fader.kind, fader.name, fader.index) for fader in faders] == [
        (CONTROL, "Warmth", 0),
        (SLIDER, "PC1 (Brightness)", 0),
        (SLIDER, "PC2 (Loudness)", 1),
        (SLIDER, "PC3 (Texture)", 2),
        (DRIFT, "Drift", 0),
        (LEVEL, "Level", 0),
    ]
    assert [fader.rest for fader in faders] == [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]


def test_ranges_are_the_models() -> None:
    control, slider, *_, drift, _ = faders_of(fake_artifact())
    assert (slider.low, slider.high) == (-10, 10)
    assert (slider.safe, slider.warning) == ((-4, 6), (-9, 9))
    assert (control.low, control.high, control.safe) == (-10, 10, (-5, 5))
    assert (drift.low, drift.high, drift.safe) == (0.0, 1.0, (0.0, 1.0))


def test_a_model_without_sliders_and_controls_still_has_drift_and_level() -> None:
    faders = faders_of(fake_artifact(labels=(), controls=()))
    assert [fader.kind for fader in faders] == [DRIFT, LEVEL]


def test_nearness_is_there_where_the_recordings_are_known() -> None:
    known = Landmarks(((0.0,) * 16,), (0.0,), (1.0,) * 16, 0.75)
    faders = faders_of(fake_artifact(landmarks=known))
    nearness = find_fader(faders, NEARNESS, "")
    assert (nearness.low, nearness.high, nearness.rest) == (0.0, 1.0, 0.75)
    with pytest.raises(RequestError, match="--recordings FOLDER"):
        find_fader(faders_of(fake_artifact()), NEARNESS, "")


def test_a_name_from_a_file_is_one_line_that_no_terminal_obeys() -> None:
    faders = faders_of(fake_artifact(labels=("a\x1b[31m\nb", "\x00"), controls=()))
    assert faders[0].title == "a [31m b"
    assert faders[1].title == "slider 1"


@pytest.mark.parametrize("name", ["PC1 (Brightness)", "pc1", "Brightness", "0", 0])
def test_a_slider_is_found_as_the_command_line_finds_it(name: str | int) -> None:
    artifact = fake_artifact()
    assert find_slider(artifact, faders_of(artifact), name).index == 0


@pytest.mark.parametrize("name", ["Warmth", "warmth", "0", 0])
def test_a_control_is_found_by_name_and_index(name: str | int) -> None:
    assert find_fader(faders_of(fake_artifact()), CONTROL, name).name == "Warmth"


def test_what_is_not_there_is_told_with_what_is() -> None:
    with pytest.raises(RequestError, match="no control 'Dust': this model has 0 Warmth"):
        find_fader(faders_of(fake_artifact()), CONTROL, "Dust")
    with pytest.raises(RequestError, match="this model has none"):
        find_fader(faders_of(fake_artifact(controls=())), CONTROL, "Dust")


def test_values_are_kept_between_the_ends_and_free_of_dust() -> None:
    fader = faders_of(fake_artifact())[0]
    assert fader.within(11.0) == 10.0
    assert fader.within(-1e9) == -10.0
    assert fader.within(0.1 + 0.2) == 0.3
    assert (fader.at(0.0), fader.at(0.5), fader.at(1.0)) == (-10.0, 0.0, 10.0)
