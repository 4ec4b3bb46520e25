"""Opening an input file only if it is a regular one, of a size that makes sense."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from distill_runtime.errors import InputError
from distill_runtime.files.paths import why


@contextmanager
def open_regular(
    path: Path, *, kind: str, max_bytes: int, error: type[InputError]
) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file for reading, once it is certain that reading it will end.

    Args:
        path: Where it is.
        kind: What it should be, for complaints: "an artifact (.onnx)". They do not name the path.
        max_bytes: More than this is refused.
        error: What to raise.

    Yields:
        The file and its size in bytes.

    Raises:
        InputError: As `error`: there is no such file, it is a folder, a device or a pipe, it is
            empty or too large, or reading it failed.
    """
    try:
        # A named pipe would block the open for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise error("no such file") from None
    except (OSError, ValueError) as reason:
        raise error(f"cannot be opened ({why(reason)})") from None
    try:
        # Before it becomes a file object, which for a folder fails in Python's own words.
        size = _check(os.fstat(descriptor), kind=kind, max_bytes=max_bytes, error=error)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file, size
    except OSError as reason:
        raise error(f"cannot be read ({why(reason)})") from None
    finally:
        os.close(descriptor)


def read_text(path: Path, *, kind: str, max_bytes: int, error: type[InputError]) -> str:
    """Read a whole text file, UTF-8 with or without a byte order mark; see `open_regular`.

    Raises:
        InputError: As `error`: the file cannot be read, or it is not such a text.
    """
    with open_regular(path, kind=kind, max_bytes=max_bytes, error=error) as (file, size):
        content = file.read(size)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise error(f"is not {kind}: it is no UTF-8 text") from None


def _check(status: os.stat_result, *, kind: str, max_bytes: int, error: type[InputError]) -> int:
    """Return the size of a file that may be read."""
    if stat.S_ISDIR(status.st_mode):
        raise error(f"is a folder, not {kind}")
    if not stat.S_ISREG(status.st_mode):
        raise error("is not a regular file")
    if not status.st_size:
        raise error("is empty")
    if status.st_size > max_bytes:
        raise error(f"is larger than {kind} can be ({status.st_size} bytes)")
    return status.st_size
