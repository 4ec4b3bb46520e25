"""Putting other bytes into the middle of a file, in constant memory."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

_COPY_BYTES = 2**20


def splice(path: Path, start: int, end: int, content: bytes) -> None:
    """Replace the bytes of a file from `start` to `end`, excluded, by others of any number."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        moved = len(content) - (end - start)
        pieces = range(end, size, _COPY_BYTES)
        # From the far end when the rest moves back, so that nothing is overwritten unread.
        if moved:
            for begin in reversed(pieces) if moved > 0 else pieces:
                _copy(file, begin, min(begin + _COPY_BYTES, size), moved)
        file.seek(start)
        file.write(content)
        file.truncate(size + moved)


def _copy(file: BinaryIO, begin: int, end: int, moved: int) -> None:
    file.seek(begin)
    content = file.read(end - begin)
    file.seek(begin + moved)
    file.write(content)
