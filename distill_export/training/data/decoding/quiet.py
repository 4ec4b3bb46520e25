"""What the decoding libraries print by themselves, kept from the terminal and from results."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

_STDOUT, _STDERR = 1, 2
_one_at_a_time = threading.Lock()


@contextmanager
def quiet() -> Iterator[None]:
    """Discard what is written to the descriptors of stdout and stderr, by C libraries above all.

    libmpg123 complains on stderr of damaged frames, and libsndfile of some formats even on stdout,
    without a word about the file; what matters of that is found by other means and said with the
    file's name. The descriptors are the whole process's, so that blocks must be short: a call of
    the library, and nothing else.
    """
    with _one_at_a_time, ExitStack() as restoring:
        _flush(None)  # what others have written goes where they wanted it
        for descriptor in (_STDOUT, _STDERR):
            _discard(descriptor, restoring)
        restoring.callback(_flush, None)  # C's own buffer, which is written when it likes
        yield


def _discard(descriptor: int, restoring: ExitStack) -> None:
    try:
        kept = os.dup(descriptor)
    except OSError:  # there is no such stream to write to
        return
    restoring.callback(os.close, kept)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
    restoring.callback(os.dup2, kept, descriptor)


def _find_flush() -> Callable[[Any], Any]:
    """Return C's fflush; on Windows each library may have one of its own, and there is none."""
    try:
        flush: Callable[[Any], Any] = ctypes.CDLL(None).fflush
    except (TypeError, OSError, AttributeError):
        return lambda stream: 0
    return flush


_flush = _find_flush()
