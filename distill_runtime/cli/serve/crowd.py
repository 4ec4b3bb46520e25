"""How many connections are answered at a time: the others wait for their turn, unread."""

from __future__ import annotations

from collections import deque
from typing import Protocol

try:
    import resource
except ImportError:  # Windows, which has no such limit
    _HAS_LIMIT = False
else:
    _HAS_LIMIT = True

MAX_ANSWERED = 256
MAX_WAITING = 1024
_OTHER_FILES = 64  # that the process has open


class Guest(Protocol):
    """A connection, as far as it is known here."""

    def begin(self) -> None:
        """Start to read: it is this one's turn."""


class Crowd:
    """Who is answered, and who waits, in the order in which they came."""

    def __init__(self, *, answered: int, waiting: int) -> None:
        self._max_answered, self._max_waiting = answered, waiting
        self._answered: set[Guest] = set()
        self._waiting: deque[Guest] = deque()

    @property
    def somebody_waits(self) -> bool:
        """Whether a place is wanted."""
        return bool(self._waiting)

    def enter(self, guest: Guest) -> bool:
        """Let somebody begin, now or when there is room.

        Returns:
            False if too many wait already.
        """
        if len(self._answered) < self._max_answered:
            self._answered.add(guest)
            guest.begin()
        elif len(self._waiting) < self._max_waiting:
            self._waiting.append(guest)
        else:
            return False
        return True

    def leave(self, guest: Guest) -> None:
        """Give the place of one who is gone to the next."""
        if guest in self._waiting:
            self._waiting.remove(guest)
        self._answered.discard(guest)
        while self._waiting and len(self._answered) < self._max_answered:
            following = self._waiting.popleft()
            self._answered.add(following)
            following.begin()


def room_to_wait(wanted: int) -> int:
    """Return how many may wait: each takes one of the files that a process may have open.

    The system's usual 1,024 are few for that, so they are made more where that is allowed.
    """
    if not _HAS_LIMIT:
        return wanted
    others = 2 * MAX_ANSWERED + _OTHER_FILES  # the answered, each with the file that it is sent
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    if soft < others + wanted:
        soft = others + wanted if hard == resource.RLIM_INFINITY else min(others + wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(0, min(wanted, soft - others))
