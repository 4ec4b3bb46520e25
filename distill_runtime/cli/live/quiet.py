"""Keeping what C libraries say out of the page: ALSA and JACK write to stderr by themselves."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Let what is written to the descriptor of stderr go nowhere within the block."""
    try:
        kept = os.dup(_STDERR)
    except OSError:  # closed by the caller: nothing can be written there anyway
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(nowhere)
        os.close(kept)


@contextmanager
def page_on_stdout() -> Iterator[None]:
    """Have Textual draw where stdout goes, and C libraries write to nowhere, within the block.

    Textual draws on `sys.__stderr__`, of all places.
    """
    before = sys.__stderr__
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    descriptor = os.dup(sys.stdout.fileno())
    with open(descriptor, "w", encoding=encoding, errors="replace") as terminal, quiet_libraries():  # noqa: PTH123
        sys.__stderr__ = terminal  # type: ignore[misc]
        try:
            yield
        finally:
            sys.__stderr__ = before  # type: ignore[misc]
