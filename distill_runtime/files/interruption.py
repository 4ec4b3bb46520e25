"""Ctrl-C and its kin, held back until what is being written is whole.

SIGTERM is what a service manager sends and SIGHUP what a closed terminal does: both mean the same
as Ctrl-C, and are treated alike.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SAME_AS_CTRL_C = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Interruption:
    """Whether a signal to end has come, and which one.

    Attributes:
        requested: Whether one has come.
        number: The signal; SIGINT (Ctrl-C) as long as none has.
    """

    def __init__(self) -> None:
        self.requested = False
        self.number: int = signal.SIGINT


@contextmanager
def held_back() -> Iterator[Interruption]:
    """Let a signal to end take effect at the end of the block; a second one does so at once.

    Only where it would end the program anyway: another handler, a signal that is ignored (as Ctrl-C
    is in a job that a script has put into the background), another thread are left alone.

    Yields:
        What a long block looks at, to end early.

    Raises:
        KeyboardInterrupt: A signal came meanwhile.
    """
    interruption = Interruption()
    before = _ending_handlers()

    def note(number: int, frame: FrameType | None) -> None:
        interruption.requested, interruption.number = True, number
        _restore(before)

    for number in before:
        signal.signal(number, note)
    try:
        yield interruption
    finally:
        _restore(before)
    if interruption.requested:
        handler = before[interruption.number]
        if callable(handler):  # as the signal would have done without us
            handler(interruption.number, None)
        raise KeyboardInterrupt


@contextmanager
def ending_alike() -> Iterator[Interruption]:
    """Have SIGTERM and SIGHUP raise KeyboardInterrupt within the block, so that it can clean up.

    Within another such block they do already, and it is that one which learns of them.

    Yields:
        What tells afterwards which signal it was.
    """
    interrupt = _Interrupt()
    before = _ending_handlers()
    for number in set(_SAME_AS_CTRL_C) & before.keys():
        if not isinstance(before[number], _Interrupt):
            signal.signal(number, interrupt)
    try:
        yield interrupt.interruption
    finally:
        _restore(before)


class _Interrupt:
    """A handler of signals that raises what Ctrl-C does."""

    def __init__(self) -> None:
        self.interruption = Interruption()

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.interruption.requested, self.interruption.number = True, number
        raise KeyboardInterrupt


def _ending_handlers() -> dict[int, Any]:
    """Return the signals that would end the program now, each with its handler."""
    if threading.current_thread() is not threading.main_thread():
        return {}  # signals are the main thread's
    found = {number: signal.getsignal(number) for number in (signal.SIGINT, *_SAME_AS_CTRL_C)}
    return {
        number: handler
        for number, handler in found.items()
        if handler is (signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        or isinstance(handler, _Interrupt)
    }


def _restore(handlers: dict[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
