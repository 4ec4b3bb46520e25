"""No device at all: the sound is played to nowhere, at the pace at which it would be heard."""

from __future__ import annotations

import threading
import time

import numpy as np

from distill_runtime.cli.live.sound_out.output import Fill

_USUAL_BLOCK = 256


class Clock:
    """Asks for samples as a sound card does, and drops them; for a machine without one."""

    def __init__(self, *, sample_rate_hz: int, channels: int, block: int) -> None:
        self.failure: str | None = None
        self.late = 0
        self._block = np.zeros((block or _USUAL_BLOCK, channels), np.float32)
        self._period_s = len(self._block) / sample_rate_hz
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, fill: Fill) -> None:
        """Begin to ask for samples."""
        self._thread = threading.Thread(target=self._run, args=(fill,), name="clock", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, fill: Fill) -> None:
        due = time.monotonic()
        while not self._closing.wait(max(0.0, due - time.monotonic())):
            try:
                fill(self._block)
            except Exception as error:  # whatever it is, the player is to be told
                self.failure = str(error) or type(error).__name__
                return
            due += self._period_s
