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
    """Whether a signal to end has come while it was held back."""

    def __init__(self) -> None:
        self.requested = False


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
        interruption.requested = True
        _restore(before)

    for number in before:
        signal.signal(number, note)
    try:
        yield interruption
    finally:
        _restore(before)
    if interruption.requested:
        raise KeyboardInterrupt


@contextmanager
def ending_alike() -> Iterator[None]:
    """Have SIGTERM and SIGHUP raise KeyboardInterrupt within the block, so that it can clean up."""
    before = _ending_handlers()
    for number in before.keys() & set(_SAME_AS_CTRL_C):
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        _restore(before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ending_handlers() -> dict[int, Any]:
    """Return the signals that would end the program now, each with its handler."""
    if threading.current_thread() is not threading.main_thread():
        return {}  # signals are the main thread's
    expected = {signal.SIGINT: (signal.default_int_handler,)}
    expected |= dict.fromkeys(_SAME_AS_CTRL_C, (signal.SIG_DFL, _interrupt))
    found = {number: signal.getsignal(number) for number in expected}
    return {number: found[number] for number in expected if found[number] in expected[number]}


def _restore(handlers: dict[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
