"""The frames of an MP3, as far as their heads tell how many there are.

An MP3 has no header. A tag in its first frame ("Xing" or "Info", of LAME and most others; "VBRI")
says how many frames follow. Without one libmpg123 takes the bit rate of the first frames for that
of all, and ends too early where the later ones have less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from distill_export.training.data.decoding.spliced_file import NewHead

_SEARCHED_BYTES = 2**16  # for the first frame, behind tags of other kinds
_HEAD_BYTES = 4
_MPEG1, _LAYER_3, _MONO = 3, 1, 3
_KBITS = {  # ISO 11172-3 and 13818-3, layer III
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


@dataclass(frozen=True)
class FrameHead:
    """The head of a frame of layer III.

    Attributes:
        kind: What all frames of a file share: version and sample rate.
        kbits: Bit rate, in kbit/s.
        size_bytes: Length of the frame.
        side_bytes: Length of the side information, which follows head and checksum.
    """

    kind: tuple[int, int]
    kbits: int
    size_bytes: int
    side_bytes: int

    @classmethod
    def parse(cls, head: bytes) -> FrameHead | None:
        """Read four bytes; None if they do not begin a frame of a known length."""
        if len(head) < _HEAD_BYTES or head[0] != 0xFF or head[1] < 0xE0:
            return None
        version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
        rate, index = head[2] >> 2 & 3, head[2] >> 4
        if layer != _LAYER_3 or version not in _RATES_HZ or rate == 3 or index in (0, 15):
            return None
        first = version == _MPEG1
        kbits, rate_hz = _KBITS[first][index], _RATES_HZ[version][rate]
        size = (144_000 if first else 72_000) * kbits // rate_hz + (head[2] >> 1 & 1)
        mono = head[3] >> 6 == _MONO
        side = (17 if mono else 32) if first else (9 if mono else 17)
        return cls((version, rate), kbits, size, side)


def is_mp3(file: BinaryIO) -> bool:
    """Whether a file begins like an MP3, with a frame or with a tag that no other kind follows."""
    file.seek(_tag_bytes(file))
    start = file.read(_HEAD_BYTES)
    tagged = file.tell() > _HEAD_BYTES and start not in (b"fLaC", b"RIFF", b"OggS", b"FORM")
    return tagged or FrameHead.parse(start) is not None


def has_frame_count(file: BinaryIO) -> bool:
    """Whether a tag says how many frames there are."""
    first_at = _first_frame(file)
    if first_at is None:
        return False
    file.seek(first_at)
    frame = file.read(256)
    return b"VBRI" in frame[:64] or any(tag in frame[:64] for tag in (b"Xing", b"Info"))


def counted_head(file: BinaryIO) -> NewHead | None:
    """Return a tag to read a file with whose frames differ in bit rate and are not counted.

    The number in it is more than there can be, so that reading ends where the file does.
    """
    first_at = _first_frame(file)
    if first_at is None or has_frame_count(file):
        return None
    file.seek(first_at)
    content = file.read()
    first = FrameHead.parse(content)
    if first is None or not _changes_rate(content, first):
        return None
    # A frame of the highest bit rate has room for the tag, whatever the first one's is.
    head = bytearray(content[:_HEAD_BYTES])
    head[1] |= 1  # no checksum
    head[2] = 14 << 4 | head[2] & 0x0C
    longest = FrameHead.parse(bytes(head))
    assert longest is not None
    frames = len(content) // 24 + 1
    tag = bytes(longest.side_bytes) + b"Xing" + (1).to_bytes(4, "big") + frames.to_bytes(4, "big")
    return NewHead((bytes(head) + tag).ljust(longest.size_bytes, b"\0"), first_at)


def _first_frame(file: BinaryIO) -> int | None:
    """Return where the first frame is that another one follows."""
    at = _tag_bytes(file)
    file.seek(at)
    content = file.read(_SEARCHED_BYTES)
    place = content.find(b"\xff")
    while place >= 0:
        head = FrameHead.parse(content[place : place + _HEAD_BYTES])
        if head is not None:
            after = FrameHead.parse(content[place + head.size_bytes :][:_HEAD_BYTES])
            if after is not None and after.kind == head.kind:
                return at + place
        place = content.find(b"\xff", place + 1)
    return None


def _tag_bytes(file: BinaryIO) -> int:
    """Return the length of an ID3v2 tag (id3.org, "id3v2.4.0-structure"); 0 if there is none."""
    file.seek(0)
    tag = file.read(10)
    if tag[:3] != b"ID3" or len(tag) < 10:
        return 0
    shifts = (21, 14, 7, 0)
    size = sum((byte & 0x7F) << shift for byte, shift in zip(tag[6:], shifts, strict=True))
    return 10 + size + (10 if tag[5] & 0x10 else 0)


def _changes_rate(content: bytes, first: FrameHead) -> bool:
    """Whether a later frame has another bit rate than the first one."""
    at = first.size_bytes
    while (head := FrameHead.parse(content[at : at + _HEAD_BYTES])) and head.kind == first.kind:
        if head.kbits != first.kbits:
            return True
        at += head.size_bytes
    return False
