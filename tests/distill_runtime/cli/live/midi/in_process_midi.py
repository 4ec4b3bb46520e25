"""A backend for mido whose ports lie within the process, for a machine without MIDI.

mido loads it where MIDO_BACKEND, or `mido.set_backend`, names it. What `send` is given arrives as
bytes at every open port of the name, parsed by mido.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mido

PORTS = ["Launch Control XL:0", "Keystep 37:0", "Keystep Pro:0"]
_open: list[Input] = []


class Input:
    """An open port."""

    def __init__(
        self, name: str | None = None, *, callback: Callable[[Any], None], **others: object
    ) -> None:
        del others
        if name == "Keystep Pro:0":
            raise OSError("the port is in use")
        assert name in PORTS
        self.name = name
        self._callback = callback
        self._parser = mido.Parser()
        _open.append(self)

    def feed(self, data: bytes) -> None:
        self._parser.feed(data)
        for message in self._parser:
            self._callback(message)

    def close(self) -> None:
        _open.remove(self)


def get_devices(**others: object) -> list[dict[str, Any]]:
    del others
    return [{"name": name, "is_input": True, "is_output": False} for name in PORTS]


def send(name: str, *messages: mido.Message | bytes) -> None:
    """Send messages, or any bytes, into the ports of a name."""
    for port in [each for each in _open if each.name == name]:
        for message in messages:
            port.feed(message if isinstance(message, bytes) else bytes(message.bytes()))


def open_ports() -> list[str]:
    """Return the names of the ports that are open."""
    return [port.name for port in _open]
