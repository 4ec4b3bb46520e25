"""MIDI messages, from a port within the process to the faders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.cli.live.instrument import Instrument
from distill_runtime.cli.live.midi import ports
from distill_runtime.cli.live.midi.hands import MidiHands
from distill_runtime.cli.live.midi.mapping import Binding, MidiMapping
from distill_runtime.cli.live.notices import Notices
from distill_runtime.errors import OutputError
from tests.distill_runtime.cli.live.fake_sound import FakeSound, fake_artifact
from tests.distill_runtime.cli.live.midi import in_process_midi

PORT = "Launch Control XL:0"


class Rig:
    """An instrument with MIDI, and a controller to move."""

    def __init__(self, mapping: MidiMapping | None = None, **options: Any) -> None:
        self.sound = FakeSound()
        self.instrument = Instrument(self.sound)
        self.notices = Notices()
        self.hands = MidiHands(self.instrument, mapping or MidiMapping(), self.notices, **options)
        _, self.brightness, self.loudness, *_ = self.instrument.faders

    def control(self, control: int, value: int, channel: int = 0) -> None:
        self.hands.handle(
            mido.Message("control_change", control=control, value=value, channel=channel)
        )


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    before = mido.backend
    mido.set_backend(in_process_midi.__name__)
    try:
        with closing(ports.open_midi_port("launch", rig.hands.handle)):
            yield rig
    finally:
        mido.set_backend(before)
    assert in_process_midi.open_ports() == []


def test_a_controller_is_learned_through_a_real_port_and_then_moves_its_fader(rig: Rig) -> None:
    rig.hands.learn(rig.loudness)
    assert rig.notices.latest == "move a controller for PC2 (Loudness) (Esc gives up)"
    in_process_midi.send(PORT, mido.Message("control_change", control=21, value=127))
    assert rig.sound.sliders == (0.0, 10.0, 0.0)
    assert rig.hands.learning is None
    in_process_midi.send(PORT, b"\xb0\x15\x40")
    assert rig.sound.sliders == (0.0, 0.0, 0.0)
    assert rig.notices.latest == (
        "controller 21 moves PC2 (Loudness), until you leave: --mapping FILE keeps it"
    )


def test_a_key_starts_its_seed_as_loud_as_it_is_struck(rig: Rig) -> None:
    in_process_midi.send(
        PORT,
        mido.Message("note_on", note=60, velocity=127),
        mido.Message("note_on", note=61, velocity=32),
        mido.Message("note_on", note=61, velocity=0),
        mido.Message("note_off", note=60, velocity=64),
    )
    assert rig.sound.walks == [60, 61]
    assert rig.instrument.output.level == pytest.approx(32 / 127)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_whatever_bytes_come_nothing_is_raised(packets: list[bytes]) -> None:
    rig = Rig(MidiMapping(bindings=(Binding(1, None, "slider", "PC1 (Brightness)", -10, 10),)))
    parser = mido.Parser()
    for packet in packets:
        parser.feed(packet)
        for message in parser:
            rig.hands.handle(message)
    assert all(-10 <= position <= 10 for position in rig.sound.sliders or ())


def test_a_message_that_is_not_what_its_type_says_is_counted_and_told_once(rig: Rig) -> None:
    for _ in range(3):
        rig.hands.handle(SimpleNamespace(type="control_change", channel=0, control="x", value=None))
        rig.hands.handle(SimpleNamespace(type="note_on"))
    assert rig.notices.refused >= 3
    assert rig.notices.latest.startswith("MIDI refused, and so silently what follows: ")


def test_another_channel_is_not_heard_and_not_learned() -> None:
    rig = Rig(MidiMapping(channel=2, notes=True))
    rig.hands.learn(rig.brightness)
    rig.control(21, 127, channel=0)
    rig.hands.handle(mido.Message("note_on", note=3, channel=0))
    assert rig.hands.learning is rig.brightness
    assert rig.sound.walks == []
    rig.control(21, 127, channel=1)
    assert rig.sound.sliders[0] == 10.0
    assert rig.hands.mapping.bindings[0].channel == 2


def test_keys_may_be_silent_and_begin_at_another_seed() -> None:
    rig = Rig(MidiMapping(notes=False))
    rig.hands.handle(mido.Message("note_on", note=3))
    assert rig.sound.walks == []
    rig = Rig(MidiMapping(first_seed=4_000_000_000))
    rig.hands.handle(mido.Message("note_on", note=127))
    assert rig.sound.walks == [4_000_000_127]


def test_a_range_beyond_the_faders_ends_there() -> None:
    rig = Rig(MidiMapping(bindings=(Binding(1, None, "slider", "PC1 (Brightness)", -99, 1e30),)))
    rig.control(1, 0)
    assert rig.sound.sliders[0] == -10.0
    rig.control(1, 127)
    assert rig.sound.sliders[0] == 10.0


def test_what_is_learned_is_kept_and_what_cannot_be_is_told() -> None:
    kept: list[MidiMapping] = []
    rig = Rig(keep=kept.append)
    rig.hands.learn(rig.brightness)
    rig.control(21, 64)
    assert kept == [rig.hands.mapping]
    assert rig.notices.latest == "controller 21 moves PC1 (Brightness)"
    rig.hands.forget(rig.brightness)
    assert kept[-1] == MidiMapping()

    def fail(mapping: MidiMapping) -> None:
        raise OutputError("launch.json cannot be written: the disk is full")

    rig = Rig(keep=fail)
    rig.hands.learn(rig.brightness)
    rig.control(21, 64)
    assert "not kept: launch.json cannot be written" in rig.notices.latest
    assert rig.hands.mapping.controller_of(rig.brightness) == 21


def test_learning_can_be_given_up(rig: Rig) -> None:
    rig.hands.learn(rig.brightness)
    rig.hands.learn(None)
    rig.control(21, 127)
    assert rig.hands.mapping == MidiMapping()


def test_a_mapping_of_another_model_tells_what_this_one_lacks() -> None:
    mapping = MidiMapping(
        bindings=(
            Binding(1, None, "slider", "Rumble\x1b", -10, 10),
            Binding(2, None, "drift", "Drift", 0, 1),
        )
    )
    rig = Rig(mapping)
    assert rig.notices.latest == (
        "of the mapping's controllers 1 move nothing here, 1 for one: this model has no slider "
        "'Rumble\\x1b'"
    )
    rig.control(1, 127)
    rig.control(2, 127)
    assert rig.sound.sliders == (0.0, 0.0, 0.0)
    assert rig.sound.drift == 1.0


def test_a_model_without_sliders_can_still_be_played_by_keys() -> None:
    sound = FakeSound(fake_artifact(labels=(), controls=()))
    hands = MidiHands(Instrument(sound), MidiMapping(), Notices())
    hands.handle(mido.Message("note_on", note=5, velocity=100))
    assert sound.walks == [5]
