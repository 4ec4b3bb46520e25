"""The pages of an Ogg file (RFC 3533), and a serial number that is not drawn by chance.

libsndfile gives every stream a random serial number, so that no two files are the same. Here it
becomes a checksum of everything else: the same sound gives the same bytes, and another sound
another number, as chaining files demands.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_HEAD_BYTES = 27
_SERIAL = slice(14, 18)
_CHECKSUM = slice(22, 26)

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def renumber(path: Path) -> None:
    """Replace the serial number of a file's one stream by a checksum of its pages.

    Raises:
        ValueError: It is no Ogg file, or not a whole one.
    """
    with path.open("r+b") as file:
        number = 0
        for _, page in _pages(file):
            number = zlib.crc32(page, number)
        serial = struct.pack("<I", number)
        for start, page in _pages(file):
            page[_SERIAL] = serial
            page[_CHECKSUM] = struct.pack("<I", checksum(page))
            file.seek(start)
            file.write(page)


def checksum(page: bytes | bytearray) -> int:
    """Return the CRC-32 of a page whose own checksum is zero.

    Ogg's has zlib's polynomial, but takes the highest bit first, and inverts nothing.
    """
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _pages(file: BinaryIO) -> Iterator[tuple[int, bytearray]]:
    """Yield where each page starts, and its bytes with serial number and checksum blank."""
    start = 0
    while True:
        file.seek(start)
        head = file.read(_HEAD_BYTES)
        if not head:
            return
        if len(head) < _HEAD_BYTES or not head.startswith(b"OggS"):
            raise ValueError(f"no Ogg page at byte {start}")
        segments = file.read(head[26])
        content = file.read(sum(segments))
        if len(content) < sum(segments):
            raise ValueError(f"the Ogg page at byte {start} is cut off")
        page = bytearray(head + segments + content)
        page[_SERIAL] = page[_CHECKSUM] = bytes(4)
        yield start, page
        start += len(page)
