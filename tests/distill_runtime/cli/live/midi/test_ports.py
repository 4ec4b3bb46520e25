"""Finding and opening a MIDI port."""

from __future__ import annotations

from collections.abc import Iterator

import mido
import pytest

from distill_runtime.cli.live.midi import ports
from distill_runtime.errors import DependencyError, FailureError, RequestError
from tests.distill_runtime.cli.live.midi import in_process_midi


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    before = mido.backend
    mido.set_backend(in_process_midi.__name__)
    yield
    mido.set_backend(before)


@pytest.mark.parametrize("name", ["launch", "Launch Control XL:0", " XL "])
def test_a_part_of_the_name_will_do(name: str) -> None:
    port = ports.open_midi_port(name, lambda message: None)
    assert port.name == "Launch Control XL:0"
    port.close()


def test_a_name_that_fits_none_or_several_is_refused_with_what_there_is() -> None:
    listed = "expected one of: Launch Control XL:0, Keystep 37:0, Keystep Pro:0"
    with pytest.raises(RequestError, match=f"--midi 'Moog' is no MIDI port, {listed}"):
        ports.open_midi_port("Moog", lambda message: None)
    with pytest.raises(RequestError, match=f"--midi 'key' fits 2 MIDI ports, {listed}"):
        ports.open_midi_port("key", lambda message: None)


def test_a_port_that_does_not_open_is_a_failure_in_one_line() -> None:
    with pytest.raises(FailureError, match="'Keystep Pro:0' does not open: the port is in use"):
        ports.open_midi_port("Pro", lambda message: None)


def test_a_machine_without_midi_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**others: object) -> None:
        raise RuntimeError("MidiInAlsa::initialize: error creating ALSA sequencer client object.")

    monkeypatch.setattr(in_process_midi, "get_devices", fail)
    with pytest.raises(FailureError, match="there is no MIDI on this machine: MidiInAlsa"):
        ports.port_names()
    assert ports.describe_ports().startswith("MIDI ports\n  none (there is no MIDI")


def test_without_rtmidi_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**others: object) -> None:
        raise ModuleNotFoundError("No module named 'rtmidi'", name="rtmidi")

    monkeypatch.setattr(in_process_midi, "get_devices", fail)
    with pytest.raises(DependencyError, match="pip install python-rtmidi"):
        ports.port_names()


def test_a_backend_that_is_not_one_is_told() -> None:
    mido.set_backend("no_such_backend")
    with pytest.raises(DependencyError, match="mido has no backend 'no_such_backend'"):
        ports.port_names()


def test_ports_are_listed_without_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_process_midi, "PORTS", ["Evil\x1b[2J"])
    assert ports.describe_ports() == "MIDI ports\n  Evil [2J"
    monkeypatch.setattr(in_process_midi, "PORTS", [])
    assert ports.describe_ports() == "MIDI ports\n  none"
