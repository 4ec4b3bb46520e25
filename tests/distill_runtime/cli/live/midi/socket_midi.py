"""A backend for mido whose one port is a socket, to send MIDI into another process.

The process finds the port under MIDO_BACKEND, and where to connect to under DISTILL_TEST_MIDI.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from mido import sockets

PORT = "Socket 1"


class Input:
    """The port: mido's own socket port, listened to by a thread."""

    def __init__(
        self, name: str | None = None, *, callback: Callable[[Any], None], **others: object
    ) -> None:
        del others
        assert name == PORT
        self.name = name
        self._port = sockets.connect("127.0.0.1", int(os.environ["DISTILL_TEST_MIDI"]))
        self._thread = threading.Thread(target=self._run, args=(callback,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        pass  # with the process

    def _run(self, callback: Callable[[Any], None]) -> None:
        for message in self._port:
            callback(message)


def get_devices(**others: object) -> list[dict[str, Any]]:
    del others
    return [{"name": PORT, "is_input": True, "is_output": False}]
