"""Keeping what C libraries say out of the page: ALSA and JACK write to stderr by themselves."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

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
    terminal = open(  # noqa: PTH123, SIM115  # of a descriptor; closed below
        os.dup(sys.stdout.fileno()), "w", encoding=encoding, errors="replace"
    )
    sys.__stderr__ = terminal  # type: ignore[misc]
    try:
        with quiet_libraries():
            yield
    finally:
        sys.__stderr__ = before  # type: ignore[misc]
        with suppress(OSError):  # the terminal may be gone
            terminal.close()
