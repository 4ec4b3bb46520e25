"""Files of chunks (WAV, RF64, AIFF, CAF, Wave64) whose chunks are changed, and join up again."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

from tests.fuzz.audio_originals import flip, lie, original, put

FORMAT_TAGS = (0, 1, 2, 3, 6, 7, 0x11, 0x14, 0x31, 0x40, 0x45, 0x50, 0x55, 0x161, 0xFFFE, 0xFFFF)
CHUNK_NAMES = (
    *(b"LIST", b"bext", b"smpl", b"cue ", b"inst", b"PEAK", b"fact", b"id3 ", b"JUNK", b"cart"),
    *(b"acid", b"strc", b"afsp", b"MARK", b"INST", b"APPL", b"NAME", b"COMT", b"basc", b"chan"),
    *(b"kuki", b"pakt", b"info", b"free", b"data", b"fmt ", b"SSND", b"COMM", b"FVER", b"wavl"),
)


@dataclass
class Chunk:
    """A named part of a file; what it says of its size may differ from what it holds."""

    name: bytes
    body: bytearray
    size: int | None = None


@dataclass(frozen=True)
class Layout:
    """How a chunked file is laid out: the head, then chunks of a name, a size and a body.

    Attributes:
        head: Bytes before the first chunk.
        size_at: Where the head says the file's size; None: nowhere.
        name_bytes: Length of a chunk's name.
        size_format: Of a chunk's size, for `struct`.
        counts_itself: Whether that size includes name and size.
        align: Bodies are padded to a multiple of this.
    """

    head: int
    size_at: int | None
    name_bytes: int
    size_format: str
    counts_itself: bool = False
    align: int = 2


LAYOUTS = {
    "wav": Layout(12, 4, 4, "<I"),
    "rifx": Layout(12, 4, 4, ">I"),
    "aiff": Layout(12, 4, 4, ">I"),
    "caf": Layout(8, None, 4, ">q", align=1),
    "w64": Layout(40, 16, 16, "<Q", counts_itself=True, align=8),
}
# Offsets and widths of what the chunk that describes the sound says.
FIELDS: dict[bytes, tuple[tuple[int, str], ...]] = {
    b"fmt ": ((0, "H"), (2, "H"), (4, "I"), (8, "I"), (12, "H"), (14, "H"), (16, "H"), (18, "H")),
    b"COMM": ((0, "H"), (2, "I"), (6, "H"), (8, "H"), (10, "Q"), (18, "I")),
    b"desc": ((0, "Q"), (8, "I"), (12, "I"), (16, "I"), (20, "I"), (24, "I"), (28, "I")),
    b"ds64": ((0, "Q"), (8, "Q"), (16, "Q"), (24, "I")),
    b"SSND": ((0, "I"), (4, "I")),
    b"data": ((0, "I"),),
    b"pakt": ((0, "Q"), (8, "Q"), (16, "I"), (20, "I")),
    b"fact": ((0, "I"),),
}
CHUNKED = (
    ("wav", "WAV", "PCM_16", 1),
    ("wav", "WAV", "PCM_24", 2),
    ("wav", "WAV", "PCM_U8", 1),
    ("wav", "WAV", "FLOAT", 2),
    ("wav", "WAV", "DOUBLE", 1),
    ("wav", "WAV", "ULAW", 1),
    ("wav", "WAV", "ALAW", 2),
    ("wav", "WAV", "IMA_ADPCM", 1),
    ("wav", "WAV", "MS_ADPCM", 2),
    ("wav", "WAV", "GSM610", 1),
    ("wav", "WAV", "G721_32", 1),
    ("wav", "WAV", "NMS_ADPCM_32", 1),
    ("wav", "WAVEX", "PCM_16", 6),
    ("wav", "RF64", "PCM_16", 2),
    ("aiff", "AIFF", "PCM_16", 1),
    ("aiff", "AIFF", "PCM_24", 2),
    ("aiff", "AIFF", "FLOAT", 1),
    ("aiff", "AIFF", "IMA_ADPCM", 1),
    ("aiff", "AIFF", "DWVW_16", 1),
    ("aiff", "AIFF", "GSM610", 1),
    ("caf", "CAF", "PCM_16", 1),
    ("caf", "CAF", "ALAC_16", 2),
    ("caf", "CAF", "ALAC_24", 1),
    ("w64", "W64", "PCM_16", 2),
)


def chunked(chance: random.Random) -> tuple[str, str, bytes]:
    kind, format, subtype, channels = chance.choice(CHUNKED)
    layout = LAYOUTS[kind]
    head, chunks = split_chunks(original(format, subtype, channels), layout)
    changes = chance.choices(list(_CHUNK_CHANGES), k=chance.choice((1, 1, 2, 3)))
    for change in changes:
        _CHUNK_CHANGES[change](chance, head, chunks, layout)
    return f"{format}: {changes[0]}", f".{kind}", join_chunks(head, chunks, layout)


def split_chunks(content: bytes, layout: Layout) -> tuple[bytearray, list[Chunk]]:
    """Return the head of a file and its chunks."""
    chunks, at = [], layout.head
    size_bytes = struct.calcsize(layout.size_format)
    while at + layout.name_bytes + size_bytes <= len(content):
        begin = at + layout.name_bytes + size_bytes
        (size,) = struct.unpack_from(layout.size_format, content, at + layout.name_bytes)
        if layout.counts_itself:
            size -= layout.name_bytes + size_bytes
        size = len(content) - begin if not 0 <= size <= len(content) - begin else size
        name = content[at : at + layout.name_bytes]
        chunks.append(Chunk(name, bytearray(content[begin : begin + size])))
        at = begin + size + -size % layout.align
    return bytearray(content[: layout.head]), chunks


def join_chunks(head: bytearray, chunks: list[Chunk], layout: Layout) -> bytes:
    """Return the file of a head and its chunks, each with the size it claims."""
    parts = [bytes(head)]
    size_bytes = struct.calcsize(layout.size_format)
    for chunk in chunks:
        own = layout.name_bytes + size_bytes if layout.counts_itself else 0
        size = len(chunk.body) + own if chunk.size is None else chunk.size
        order = "big" if layout.size_format[0] == ">" else "little"
        parts += [chunk.name, (size % 2 ** (8 * size_bytes)).to_bytes(size_bytes, order)]
        parts += [bytes(chunk.body), bytes(-len(chunk.body) % layout.align)]
    return b"".join(parts)


def _change_size(
    chance: random.Random, head: bytearray, chunks: list[Chunk], layout: Layout
) -> None:
    if chunks:
        chunk = chance.choice(chunks)
        bits = 8 * struct.calcsize(layout.size_format)
        chunk.size = lie(chance, bits, len(chunk.body))


def _change_field(
    chance: random.Random, head: bytearray, chunks: list[Chunk], layout: Layout
) -> None:
    known = [chunk for chunk in chunks if chunk.name[:4].lower() in _BY_NAME]
    if not known:
        return
    chunk = chance.choice(known)
    order = layout.size_format[0]
    for offset, code in chance.sample(_BY_NAME[chunk.name[:4].lower()], 1):
        if chunk.name[:4] == b"fmt " and offset == 0 and chance.random() < 0.7:
            tag = chance.choice(FORMAT_TAGS)
            chunk.body[0:2] = tag.to_bytes(2, "big" if order == ">" else "little")
        else:
            put(chance, chunk.body, offset, order + code)


def _change_order(
    chance: random.Random, head: bytearray, chunks: list[Chunk], layout: Layout
) -> None:
    if chance.random() < 0.5 and chunks:
        del chunks[chance.randrange(len(chunks))]
    else:
        chance.shuffle(chunks)


def _add_chunk(chance: random.Random, head: bytearray, chunks: list[Chunk], layout: Layout) -> None:
    if chunks and chance.random() < 0.3:
        chunk = chance.choice(chunks)
        added = Chunk(chunk.name, bytearray(chunk.body[: chance.choice((0, 1, 5, 4000))]))
    else:
        name = chance.choice(CHUNK_NAMES).ljust(layout.name_bytes, b"\0")
        added = Chunk(name, bytearray(chance.randbytes(chance.choice((0, 1, 3, 4, 9, 40, 700)))))
    if chance.random() < 0.5:
        added.size = lie(chance, 8 * struct.calcsize(layout.size_format), len(added.body))
    chunks.insert(chance.randint(0, len(chunks)), added)


def _change_head(
    chance: random.Random, head: bytearray, chunks: list[Chunk], layout: Layout
) -> None:
    if layout.size_at is not None and chance.random() < 0.7:
        put(chance, head, layout.size_at, layout.size_format)
    else:
        flip(chance, head, most=2)


def _change_body(
    chance: random.Random, head: bytearray, chunks: list[Chunk], layout: Layout
) -> None:
    if chunks:
        flip(chance, chance.choice(chunks).body)


def _no_sizes(chance: random.Random, head: bytearray, chunks: list[Chunk], layout: Layout) -> None:
    """What a recorder leaves that lost power."""
    size = chance.choice((0, 2**31 - 1))
    if layout.size_at is not None:
        struct.pack_into(layout.size_format, head, layout.size_at, size)
    for chunk in chunks:
        if chunk.name[:4] in (b"data", b"SSND"):
            chunk.size = size


_CHUNK_CHANGES = {
    "sizes": _change_size,
    "fields": _change_field,
    "order": _change_order,
    "more chunks": _add_chunk,
    "head": _change_head,
    "body": _change_body,
    "no sizes": _no_sizes,
}
_BY_NAME = {name.lower(): fields for name, fields in FIELDS.items()}
