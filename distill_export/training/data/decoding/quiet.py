"""What the decoding libraries print by themselves, kept from the terminal."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2
_one_at_a_time = threading.Lock()


@contextmanager
def quiet() -> Iterator[None]:
    """Discard what is written to the file descriptor of stderr, by C libraries above all.

    libmpg123 complains there of damaged frames, without a word about the file; what matters of that
    is found by other means and said with the file's name. The descriptor is the whole process's, so
    that blocks must be short: a call of the library, and nothing else.
    """
    with _one_at_a_time:
        try:
            kept = os.dup(_STDERR)
        except OSError:  # there is no stderr to write to
            yield
            return
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, _STDERR)
            os.close(nowhere)
            yield
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
