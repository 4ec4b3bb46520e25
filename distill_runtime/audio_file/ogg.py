"""The pages of an Ogg file (RFC 3533): other comments, a serial number not drawn by chance.

libsndfile gives every stream a random serial number, so that no two files are the same. Here it
becomes a checksum of everything else: the same sound gives the same bytes, and another sound
another number, as chaining files demands.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from distill_runtime.audio_file.splice import splice

_HEAD_BYTES = 27
_SEGMENT_BYTES = _MOST_SEGMENTS = 255
_SERIAL = slice(14, 18)
_SEQUENCE = slice(18, 22)
_CHECKSUM = slice(22, 26)
_NOTHING_ENDS = 2**64 - 1  # the position of a page on which no packet ends

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def renumber(path: Path) -> None:
    """Replace the serial number of a file's one stream by a checksum of its pages.

    Its pages are counted anew, and their checksums made anew.

    Raises:
        ValueError: It is no Ogg file, or not a whole one.
    """
    with path.open("r+b") as file:
        number = 0
        for _, page in _pages(file):
            number = zlib.crc32(page, number)
        serial = struct.pack("<I", number)
        for index, (start, page) in enumerate(_pages(file)):
            file.seek(start)
            file.write(_numbered(page, serial, index))


def numbered_pages(chunks: Iterable[bytes], serial: int) -> Iterator[bytes]:
    """Give the pages of a stream a serial number as they come; see `renumber`.

    Args:
        chunks: An Ogg stream, cut anywhere.
        serial: 0 to 2^32 - 1.

    Yields:
        Whole pages.

    Raises:
        ValueError: It is no Ogg stream, or not a whole one.
    """
    held, index, number = b"", 0, struct.pack("<I", serial)
    for chunk in chunks:
        file = io.BytesIO(held + chunk)
        end, pages = 0, []
        while (size := _page_bytes(file, end)) is not None:
            file.seek(end)
            pages.append(_numbered(_blank(file.read(size)), number, index))
            end += size
            index += 1
        held = file.getvalue()[end:]
        if pages:
            yield b"".join(pages)
    if held:
        raise ValueError("the last Ogg page is cut off")


def _page_bytes(file: BinaryIO, start: int) -> int | None:
    """Return how long the page is that starts here; None where it is not whole yet."""
    file.seek(start)
    head = file.read(_HEAD_BYTES)
    if len(head) < _HEAD_BYTES:
        return None
    if not head.startswith(b"OggS"):
        raise ValueError("no Ogg page begins here")
    segments = file.read(head[26])
    size = _HEAD_BYTES + head[26] + sum(segments)
    return size if len(segments) == head[26] and file.seek(0, 2) >= start + size else None


def _blank(page: bytes) -> bytearray:
    """Return a page without serial number and checksum."""
    blank = bytearray(page)
    blank[_SERIAL] = blank[_CHECKSUM] = bytes(4)
    return blank


def _numbered(page: bytearray, serial: bytes, index: int) -> bytearray:
    """Return a blank page with its numbers and its checksum."""
    page[_SERIAL] = serial
    page[_SEQUENCE] = struct.pack("<I", index)
    page[_CHECKSUM] = struct.pack("<I", checksum(page))
    return page


def change_comments(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Replace the second packet, which holds the comments; `renumber` then mends the pages.

    Args:
        path: A stream of Vorbis: its first packet has a page, and the second and the third end
            one, which begins no other (RFC 5215's mapping into Ogg).
        change: From the packet to the one that takes its place.

    Raises:
        ValueError: It is no Ogg file, or not a whole one.
    """
    packets, ended, begin = [b""], 0, 0
    with path.open("rb") as file:
        for index, (start, page) in enumerate(_pages(file)):
            if index == 0:
                begin = start + len(page)
                continue
            position = _HEAD_BYTES + page[_HEAD_BYTES - 1]
            for size in page[_HEAD_BYTES:position]:
                packets[-1] += page[position : position + size]
                position += size
                if size < _SEGMENT_BYTES:
                    packets.append(b"")
                    ended += 1
            if ended >= 2:
                comments, setup = packets[:2]
                end = start + len(page)
                break
        else:
            raise ValueError("the Ogg file ends before its sound begins")
    splice(path, begin, end, _paged([change(comments), setup]))


def _paged(packets: Sequence[bytes]) -> bytes:
    """Return packets on pages without numbers and checksums."""
    content = memoryview(b"".join(packets))
    sizes: list[int] = []
    for packet in packets:
        whole, rest = divmod(len(packet), _SEGMENT_BYTES)
        sizes += [*[_SEGMENT_BYTES] * whole, rest]
    pages = b""
    continued = False
    for first in range(0, len(sizes), _MOST_SEGMENTS):
        here = sizes[first : first + _MOST_SEGMENTS]
        ends = any(size < _SEGMENT_BYTES for size in here)
        position = 0 if ends else _NOTHING_ENDS
        head = struct.pack("<4s2BQ3IB", b"OggS", 0, continued, position, 0, 0, 0, len(here))
        pages += head + bytes(here) + content[: sum(here)]
        content = content[sum(here) :]
        continued = here[-1] == _SEGMENT_BYTES
    return pages


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
        page = _blank(head + segments + content)
        yield start, page
        start += len(page)
