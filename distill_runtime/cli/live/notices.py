"""What the player is told: the last remark, and how much that came from outside was refused."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from distill_runtime.files.one_line import one_line


class Notices:
    """Remarks from any thread.

    What comes in over MIDI and OSC may be wrong a thousand times a second: of each source the first
    refusal is told, all are counted.
    """

    def __init__(self, listener: Callable[[str], None] | None = None) -> None:
        """Begin with nothing to tell.

        Args:
            listener: Called with every remark, from whatever thread it comes.
        """
        self._listener = listener
        self._lock = threading.Lock()
        self._latest = ""
        self._refused: Counter[str] = Counter()

    @property
    def latest(self) -> str:
        """The last remark, one line."""
        return self._latest

    @property
    def refused(self) -> int:
        """How many messages from outside were refused."""
        return self._refused.total()

    def tell(self, remark: str) -> None:
        """Leave a remark."""
        self._latest = one_line(remark)
        if self._listener is not None:
            self._listener(self._latest)

    def refuse(self, source: str, why: object) -> None:
        """Count a message that was refused, and tell the first one of its source.

        Args:
            source: "MIDI", "OSC"; there are few.
            why: What was wrong with it.
        """
        with self._lock:
            self._refused[source] += 1
            first = self._refused[source] == 1
        if first:
            self.tell(f"{source} refused, and so silently what follows: {str(why)[:300]}")
