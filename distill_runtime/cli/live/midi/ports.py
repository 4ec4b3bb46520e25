"""MIDI ports, by mido; its backend is python-rtmidi, or what MIDO_BACKEND names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import mido

from distill_runtime.cli.live.midi.hands import MidiMessage
from distill_runtime.errors import DependencyError, FailureError, RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.one_line import one_line


class MidiPort(Protocol):
    """An open port."""

    name: str

    def close(self) -> None:
        """Hear no more."""
        ...


def open_midi_port(name: str, handle: Callable[[MidiMessage], None]) -> MidiPort:
    """Open the input port whose name is, or contains, a text; upper and lower case are the same.

    Args:
        name: The port's, or an unambiguous part of it.
        handle: Called with every message, on the port's own thread.

    Raises:
        DependencyError: python-rtmidi is not installed.
        FailureError: There is no MIDI here, or the port does not open.
        RequestError: No port has that name, or several have.
    """
    found = port_names()
    wanted = name.strip().casefold()
    fitting = [each for each in found if each.casefold() == wanted] or [
        each for each in found if wanted in each.casefold()
    ]
    if len(fitting) != 1:
        listed = ", ".join(one_line(each) for each in found[:8]) or "none"
        what = f"fits {len(fitting)} MIDI ports" if fitting else "is no MIDI port"
        raise RequestError(f"--midi {brief(name)} {what}, expected one of: {listed}")
    try:
        port: Any = mido.open_input(fitting[0], callback=handle)
    except Exception as error:  # rtmidi's own errors, and OSError
        raise FailureError(f"the MIDI port {brief(fitting[0])} does not open: {error}") from None
    opened: MidiPort = port
    return opened


def port_names() -> list[str]:
    """Return the names of the input ports.

    Raises:
        DependencyError: python-rtmidi is not installed.
        FailureError: There is no MIDI here.
    """
    try:
        return list(mido.get_input_names())
    except ModuleNotFoundError as error:
        if error.name != "rtmidi":
            raise DependencyError(f"mido has no backend {brief(error.name)}") from None
        raise DependencyError.missing("python-rtmidi", needed_by="--midi") from None
    except Exception as error:  # rtmidi's own errors have no common base
        raise FailureError(f"there is no MIDI on this machine: {error}") from None


def describe_ports() -> str:
    """Return the MIDI input ports that there are, a line each."""
    try:
        found = [f"  {one_line(name)}" for name in port_names()]
    except FailureError as error:
        found = [f"  none ({error})"]
    return "\n".join(["MIDI ports", *(found or ["  none"])])
