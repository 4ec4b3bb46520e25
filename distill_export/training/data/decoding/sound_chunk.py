"""Where a file of chunks keeps its sound, and how much of it the header says there is.

WAV, RF64 and Wave64, AIFF, CAF and AU: a header, the number of bytes, and the samples as bytes. A
recorder writes that number last, and one that loses power never does.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from distill_export.training.data.decoding.spliced_file import NewHead

_MOST_CHUNKS = 1000
_LARGEST_HEAD = 2**24
_LAST_PLACE = 2**62
_LARGEST_RIFF = 2**32 - 2**16
_WAVE64 = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_CAF_CODEC = (28, 4)  # place and length: in the description, which comes first
_NEVER_CLOSED = "was never closed: its header has no size, and it is read to its end"


@dataclass(frozen=True)
class _Layout:
    """How chunks follow each other.

    Attributes:
        first_at: Where the first one begins.
        size_code: Of a chunk's size, for `struct`.
        name_bytes: Length of its name, which stands in front of the size.
        align: Chunks begin at multiples of this.
        overhead: Bytes in front of the body that a size counts, too.
        sound: What the chunk of the samples is called.
        preface: Bytes in front of the samples, within its body.
    """

    first_at: int
    size_code: str
    name_bytes: int = 4
    align: int = 2
    overhead: int = 0
    sound: bytes = b"data"
    preface: int = 0


_LAYOUTS = {
    b"RIFF": _Layout(12, "<I"),
    b"RF64": _Layout(12, "<I"),
    b"BW64": _Layout(12, "<I"),
    b"RIFX": _Layout(12, ">I"),
    b"FORM": _Layout(12, ">I", sound=b"SSND", preface=8),
    b"caff": _Layout(8, ">q", align=1, preface=4),
    _WAVE64[:4]: _Layout(40, "<Q", name_bytes=16, align=8, overhead=24),
}


@dataclass(frozen=True)
class SoundChunk:
    """The samples of a file, as its header describes them.

    Attributes:
        magic: The file's first four bytes.
        begins_at: Place of the first sample.
        present_bytes: From there to the end of the file.
        declared_bytes: What the header says there are; None if it does not.
        unclosed: Whether it says 0, although there are.
        size_at: Where it says so.
        size_code: How, for `struct`.
        uncounted_bytes: What that number counts beside the samples.
    """

    magic: bytes
    begins_at: int
    present_bytes: int
    declared_bytes: int | None
    unclosed: bool
    size_at: int
    size_code: str
    uncounted_bytes: int

    @property
    def share(self) -> float:
        """How much of the sound is there, 0..1; 1 if nobody knows."""
        if not self.declared_bytes:
            return 1.0
        return min(1.0, self.present_bytes / self.declared_bytes)


def find_sound_chunk(file: BinaryIO) -> SoundChunk | None:
    """Return where the samples of a file are; None if it is not a file of chunks."""
    head = _bytes_at(file, 0, 16)
    if head[:4] in (b".snd", b"dns."):
        order = ">" if head[:4] == b".snd" else "<"
        begins_at = _number_at(file, 4, order + "I") or 0
        return _described(file, head[:4], begins_at, 8, order + "I", 0, None)
    layout = _LAYOUTS.get(head[:4])
    if layout is None or (layout.name_bytes == 16 and head != _WAVE64):
        return None
    at, long_size_at = layout.first_at, None
    for _ in range(_MOST_CHUNKS):
        name, size, body_at = _chunk_at(file, at, layout)
        if size is None:
            return None
        if name == layout.sound:
            size_at, code = at + layout.name_bytes, layout.size_code
            if long_size_at is not None and size == 2**32 - 1:
                size_at, code = long_size_at, "<Q"
            begins_at = body_at + layout.preface
            uncounted = layout.preface + layout.overhead
            return _described(file, head[:4], begins_at, size_at, code, uncounted, layout)
        if name == b"ds64":  # of RF64: sizes of more than 32 bits, the second is that of the sound
            long_size_at = body_at + 8
        at = body_at + max(0, size - layout.overhead)
        at += -at % layout.align
    return None


def closed_head(file: BinaryIO, chunk: SoundChunk) -> NewHead | None:
    """Return the head that a file would have, had its writer come to its end.

    Also for a CAF that was cut off, of which libsndfile takes no size but the right one: not if it
    is compressed, though, for then what is missing would be read as noise. None where nothing is
    amiss, or nothing can be done.
    """
    declared, present = chunk.declared_bytes, chunk.present_bytes
    strict = chunk.magic == b"caff" and (declared is None or declared > present)
    if not (chunk.unclosed or strict) or chunk.begins_at > _LARGEST_HEAD:
        return None
    if chunk.magic == b"caff" and _bytes_at(file, *_CAF_CODEC) != b"lpcm":
        return None
    note = _NEVER_CLOSED if chunk.unclosed else None
    head = bytearray(_bytes_at(file, 0, chunk.begins_at))
    if chunk.magic == b"RIFF" and present > _LARGEST_RIFF:
        return NewHead(_as_rf64(head, chunk), chunk.begins_at, note)
    size = present + chunk.uncounted_bytes
    struct.pack_into(chunk.size_code, head, chunk.size_at, min(size, _largest(chunk.size_code)))
    return NewHead(bytes(head), chunk.begins_at, note)


def _described(
    file: BinaryIO,
    magic: bytes,
    begins_at: int,
    size_at: int,
    size_code: str,
    uncounted: int,
    layout: _Layout | None,
) -> SoundChunk | None:
    size = _number_at(file, size_at, size_code)
    if size is None:
        return None
    present = max(0, file.seek(0, os.SEEK_END) - begins_at)
    # Whoever writes to a pipe says -1, or nearly the largest number that there is.
    unknown = size < 0 or any(
        0 <= limit - size < 2**16 for limit in (2**31 + 2**15, _largest(size_code))
    )
    declared = None if unknown else max(0, size - uncounted)
    unclosed = declared == 0 and present > 0 and not _are_chunks(file, begins_at, layout)
    return SoundChunk(
        magic=magic,
        begins_at=begins_at,
        present_bytes=present,
        declared_bytes=None if unclosed else declared,
        unclosed=unclosed,
        size_at=size_at,
        size_code=size_code,
        uncounted_bytes=uncounted,
    )


def _are_chunks(file: BinaryIO, at: int, layout: _Layout | None) -> bool:
    """Whether the rest of a file is further chunks: then the sound in front of them is empty."""
    if layout is None:
        return False
    end = file.seek(0, os.SEEK_END)
    for _ in range(_MOST_CHUNKS):
        if end - at < layout.align:
            return True
        name, size, body_at = _chunk_at(file, at, layout)
        if size is None or not 0 <= size <= end - body_at or not name.strip().isalnum():
            return False
        at = body_at + max(0, size - layout.overhead)
        at += -at % layout.align
    return False


def _as_rf64(head: bytearray, chunk: SoundChunk) -> bytes:
    """Return the head of a WAV as one of RF64, which can be longer (EBU Tech 3306)."""
    sizes = struct.pack("<QQQI", len(head) + 28 + chunk.present_bytes, chunk.present_bytes, 0, 0)
    struct.pack_into("<I", head, chunk.size_at, 2**32 - 1)
    start = b"RF64" + b"\xff" * 4 + b"WAVE" + b"ds64" + struct.pack("<I", len(sizes)) + sizes
    return start + bytes(head[12:])


def _chunk_at(file: BinaryIO, at: int, layout: _Layout) -> tuple[bytes, int | None, int]:
    """Return a chunk's name, its size (None at the end of the file) and where its body begins."""
    size_at = at + layout.name_bytes
    return (
        _bytes_at(file, at, 4),
        _number_at(file, size_at, layout.size_code),
        size_at + struct.calcsize(layout.size_code),
    )


def _bytes_at(file: BinaryIO, at: int, count: int) -> bytes:
    if at > _LAST_PLACE:  # where seeking would not find the end, but be refused
        return b""
    file.seek(at)
    return file.read(count)


def _number_at(file: BinaryIO, at: int, code: str) -> int | None:
    found = _bytes_at(file, at, struct.calcsize(code))
    return int(struct.unpack(code, found)[0]) if len(found) == struct.calcsize(code) else None


def _largest(code: str) -> int:
    bits = 8 * struct.calcsize(code)
    return int(2 ** (bits - 1) - 1 if code[1].islower() else 2**bits - 1)
