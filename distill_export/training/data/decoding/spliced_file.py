"""A file read as if it began otherwise."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class NewHead:
    """What a file shall begin with.

    Attributes:
        content: The bytes to begin with.
        goes_on_at: Where in the file it goes on after them.
        note: Why, as a complaint about the file goes on after its name.
    """

    content: bytes
    goes_on_at: int
    note: str | None = None


class SplicedFile:
    """A head of our own and the rest of a file, for a library that reads like from a file.

    Nothing here raises: the callbacks it is called from could only swallow that.

    Args:
        head: What it begins with.
        file: Where the rest comes from; read from nowhere else meanwhile.
    """

    def __init__(self, head: NewHead, file: BinaryIO) -> None:
        self._head, self._file = head, file
        self._size = len(head.content) + max(0, file.seek(0, os.SEEK_END) - head.goes_on_at)
        self._place = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, as in a file; one before the beginning is the beginning."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def read(self, count: int) -> bytes:
        """Return up to so many bytes; fewer at the end, or where the file cannot be read."""
        part = self._head.content[self._place : self._place + count]
        try:
            if len(part) < count:
                beyond = self._place + len(part) - len(self._head.content)
                self._file.seek(self._head.goes_on_at + beyond)
                part += self._file.read(count - len(part))
        except OSError:
            pass
        self._place += len(part)
        return part
