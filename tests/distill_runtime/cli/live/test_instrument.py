"""The moves that keys, mouse, MIDI and OSC share."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest

from distill_runtime.cli.live.fader import CONTROL, DRIFT, LEVEL, SLIDER, Fader, find_fader
from distill_runtime.cli.live.instrument import SILENCE_DB, Instrument
from distill_runtime.cli.live.output_level import MAX_BLOCK
from distill_runtime.errors import RequestError
from distill_runtime.latents.sliders import random_positions
from tests.distill_runtime.cli.live.fake_sound import FakeSound


@pytest.fixture
def sound() -> FakeSound:
    return FakeSound()


@pytest.fixture
def instrument(sound: FakeSound) -> Instrument:
    return Instrument(sound)


def fader(instrument: Instrument, kind: str) -> Fader:
    return find_fader(instrument.faders, kind, 0)


@pytest.mark.parametrize("kind", [SLIDER, CONTROL, DRIFT, LEVEL])
def test_a_fader_goes_where_it_is_moved(instrument: Instrument, kind: str) -> None:
    moved = fader(instrument, kind)
    instrument.move(moved, 0.5)
    assert instrument.position(moved) == 0.5
    others = [each for each in instrument.faders if each is not moved]
    assert [instrument.position(each) for each in others] == [each.rest for each in others]
    instrument.reset(moved)
    assert instrument.position(moved) == moved.rest


@pytest.mark.parametrize("value", [10.1, -11, math.nan, math.inf, "5", None, True, b"x", [1.0]])
def test_what_is_no_position_is_refused_and_moves_nothing(
    instrument: Instrument, value: object
) -> None:
    with pytest.raises(RequestError, match="expected a number from -10 to 10"):
        instrument.move(fader(instrument, SLIDER), value)
    assert instrument.sound.sliders == (0.0, 0.0, 0.0)


def test_a_nudge_is_of_steps_and_ends_at_the_end(instrument: Instrument) -> None:
    slider, drift = fader(instrument, SLIDER), fader(instrument, DRIFT)
    for _ in range(3):
        instrument.nudge(slider, 0.1)
    assert instrument.position(slider) == 0.3
    instrument.nudge(slider, 100)
    assert instrument.position(slider) == 10.0
    instrument.nudge(drift, 1)
    assert instrument.position(drift) == 0.05
    instrument.nudge(drift, -9)
    assert instrument.position(drift) == 0.0


def test_nudges_of_many_threads_are_all_made(instrument: Instrument) -> None:
    slider = fader(instrument, SLIDER)

    def press() -> None:
        for _ in range(50):
            instrument.nudge(slider, 0.01)

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert instrument.position(slider) == pytest.approx(2.0)


def test_all_sliders_and_controls_are_reset_and_nothing_else(instrument: Instrument) -> None:
    for each in instrument.faders:
        instrument.move(each, 0.25)
    instrument.reset_all()
    assert set(instrument.sound.sliders) == {0.0}
    assert set(instrument.sound.controls.values()) == {0.0}
    assert instrument.sound.drift == instrument.output.level == 0.25


def test_random_sliders_are_those_of_the_seed(instrument: Instrument) -> None:
    assert instrument.randomise(5) == 5
    assert instrument.sound.sliders == random_positions(instrument.sound.artifact.sliders, 5)
    first, second = instrument.randomise(), instrument.randomise()
    assert first != second
    with pytest.raises(RequestError):
        instrument.randomise(-1)


def test_a_walk_is_of_the_seed_or_of_a_drawn_one(instrument: Instrument, sound: FakeSound) -> None:
    assert instrument.walk(9) == 9
    drawn = instrument.walk()
    assert sound.walks == [9, drawn]
    with pytest.raises(RequestError):
        instrument.walk(2**32)


def test_hold_changes_or_is_set(instrument: Instrument, sound: FakeSound) -> None:
    assert instrument.hold() and sound.hold
    assert not instrument.hold()
    assert instrument.hold(True) and instrument.hold(True)


def test_a_note_is_a_seed_as_loud_as_it_is_struck(instrument: Instrument, sound: FakeSound) -> None:
    instrument.note(60, 0.5)
    assert (sound.walks, instrument.output.level) == ([60], 0.5)


def test_the_meter_rises_at_once_and_falls_slowly(sound: FakeSound) -> None:
    clock = [0.0]
    instrument = Instrument(sound, now=lambda: clock[0])
    assert instrument.state().peak_db == pytest.approx(-6.02, abs=0.01)
    sound.peak = 0.0
    clock[0] = 0.1
    assert instrument.state().peak_db == pytest.approx(-9.02, abs=0.01)
    clock[0] = 60.0
    assert instrument.state().peak_db == SILENCE_DB
    sound.peak, instrument.output.level = 1.0, 0.5
    assert instrument.state().peak_db == pytest.approx(-6.02, abs=0.01)


def test_the_state_is_how_things_stand(instrument: Instrument, sound: FakeSound) -> None:
    sound.load, sound.underruns = 0.4, 2
    instrument.output.fill(np.zeros((24_000, 1), np.float32))
    state = instrument.state()
    assert (state.seed, state.hold, state.load, state.underruns) == (7, False, 0.4, 2)
    assert state.played_s == 0.5
    assert state.positions == (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_level_is_reached_by_a_ramp_over_one_block(channels: int) -> None:
    instrument = Instrument(FakeSound(channels=channels))
    block = np.empty((100, channels), np.float32)
    instrument.output.fill(block)
    assert (block == 0.5).all()
    instrument.output.level = 0.0
    instrument.output.fill(block)
    steps = np.diff(np.concatenate([[0.5], block[:, 0]]))
    assert steps.min() == pytest.approx(steps.max(), abs=1e-6)  # no step is larger than another
    assert block[-1].tolist() == [0.0] * channels
    instrument.output.fill(block)
    assert not block.any()
    assert instrument.output.samples == 300


def test_a_block_larger_than_the_sound_gives_is_filled_in_parts() -> None:
    sound = FakeSound()
    sizes: list[int] = []
    read = sound.read
    sound.read = lambda samples: (sizes.append(samples), read(samples))[1]  # type: ignore[method-assign]
    block = np.zeros((2 * MAX_BLOCK + 5, 1), np.float32)
    Instrument(sound).output.fill(block)
    assert sizes == [MAX_BLOCK, MAX_BLOCK, 5]
    assert (block == 0.5).all()


def test_while_it_walks_sliders_stand_at_0(instrument: Instrument, sound: FakeSound) -> None:
    instrument.move(fader(instrument, SLIDER), 3.0)
    assert not instrument.state().walking
    instrument.walk(5)
    assert instrument.state().walking
    assert instrument.position(fader(instrument, SLIDER)) == 0.0
    instrument.nudge(fader(instrument, SLIDER), 1)
    assert sound.sliders == (1.0, 0.0, 0.0)
