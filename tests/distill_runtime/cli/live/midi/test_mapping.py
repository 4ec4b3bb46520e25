"""Which controller moves which fader, and where to."""

from __future__ import annotations

import pytest

from distill_runtime.cli.live.fader import faders_of
from distill_runtime.cli.live.midi.mapping import Binding, MidiMapping
from tests.distill_runtime.cli.live.fake_sound import fake_artifact

WARMTH, BRIGHTNESS, LOUDNESS, *_ = faders_of(fake_artifact())


def test_a_controller_goes_from_end_to_end_by_the_very_middle() -> None:
    binding = Binding.of(BRIGHTNESS, 21, None)
    assert [binding.position(value) for value in (0, 32, 64, 127)] == [-10.0, -5.0, 0.0, 10.0]
    positions = [binding.position(value) for value in range(128)]
    assert positions == sorted(positions)
    assert Binding(1, None, "drift", "", 1.0, 0.0).position(127) == 0.0  # the other way round


@pytest.mark.parametrize(("channel", "heard"), [(None, {1, 2}), (1, {1}), (3, set())])
def test_a_controller_is_heard_on_its_channel(channel: int | None, heard: set[int]) -> None:
    mapping = MidiMapping(bindings=(Binding.of(BRIGHTNESS, 21, channel),))
    assert {each for each in (1, 2) if any(mapping.moved_by(21, each))} == heard
    assert not any(mapping.moved_by(22, 1))
    assert MidiMapping(channel=channel).listens_to(1) == (channel in (None, 1))


def test_what_is_learned_replaces_what_either_had() -> None:
    mapping = MidiMapping()
    for fader, controller in ((BRIGHTNESS, 21), (LOUDNESS, 22), (BRIGHTNESS, 22)):
        mapping = mapping.learned(Binding.of(fader, controller, 1), fader)
    assert mapping.bindings == (Binding.of(BRIGHTNESS, 22, 1),)
    assert mapping.controller_of(BRIGHTNESS) == 22
    assert mapping.controller_of(LOUDNESS) is None
    assert mapping.forgotten(WARMTH) == mapping
    assert mapping.forgotten(BRIGHTNESS) == MidiMapping()
