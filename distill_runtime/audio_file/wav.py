"""The WAV container: the header in front of the samples, and the tags in it.

A header is made from the sound's length, so a WAV can also go where nothing can be mended
afterwards, into a pipe. Beyond 4 GB it is RF64 (EBU Tech 3306), which soundfile, Audacity, ffmpeg
and SoX read. Texts are in a LIST chunk of kind INFO, as UTF-8 (libsndfile's habit; RIFF names no
encoding). libsndfile itself neither reads such a text of over 2 kB nor writes one of over 50 kB.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from distill_runtime.audio_file.tags import Tags

# A WAV's sizes are 32 bits wide; 4 kB are left for the last chunk's padding and older readers.
LIMIT_BYTES = 2**32 - 4096

_UNKNOWN = 2**32 - 1  # in RF64: the size is in the ds64 chunk
_PCM, _IEEE_FLOAT = 1, 3

_MOST_READ = 2**24  # of a chunk, more than all tags together

_INFO_NAMES = {"title": b"INAM", "artist": b"IART", "album": b"IPRD", "comment": b"ICMT"}


def header(
    *,
    frames: int,
    sample_rate_hz: int,
    channels: int,
    bit_depth: int,
    tags: Tags | None = None,
    loop: bool = False,
) -> bytes:
    """Return everything in front of the samples.

    Its length is the same for every number of frames that fits in 4 GB.

    Args:
        frames: How many will follow.
        sample_rate_hz: Frames in a second.
        channels: Samples in a frame.
        bit_depth: 16 or 24 bits of integer, or 32 of floating point.
        tags: Texts to be in it.
        loop: Whether all of it is a loop, for samplers to know.
    """
    frame_bytes = channels * bit_depth // 8
    floats = bit_depth == 32
    layout = struct.pack(
        "<HHIIHH",
        _IEEE_FLOAT if floats else _PCM,
        channels,
        sample_rate_hz,
        sample_rate_hz * frame_bytes,
        frame_bytes,
        bit_depth,
    )
    # What is not PCM has an extension, if an empty one, and a chunk that counts its frames.
    chunks = _chunk(b"fmt ", layout + (b"\0\0" if floats else b""))
    if floats:
        chunks += _chunk(b"fact", struct.pack("<I", min(frames, _UNKNOWN)))
    if loop and frames <= 2**32:  # of more, samplers cannot be told
        chunks += _sampler(frames, sample_rate_hz)
    chunks += _info(tags or Tags())

    data_bytes = frames * frame_bytes
    riff_bytes = 4 + len(chunks) + 8 + data_bytes + data_bytes % 2
    if riff_bytes <= LIMIT_BYTES:
        start = struct.pack("<4sI4s", b"RIFF", riff_bytes, b"WAVE")
        return start + chunks + struct.pack("<4sI", b"data", data_bytes)
    # The sizes, the number of frames, and an empty table.
    sizes = struct.pack("<QQQI", riff_bytes + 8 + 28, data_bytes, frames, 0)
    start = struct.pack("<4sI4s", b"RF64", _UNKNOWN, b"WAVE") + _chunk(b"ds64", sizes)
    return start + chunks + struct.pack("<4sI", b"data", _UNKNOWN)


def trailer(*, frames: int, channels: int, bit_depth: int) -> bytes:
    """Return what follows the samples: a chunk of odd size is padded."""
    return bytes(frames * channels * bit_depth // 8 % 2)


def is_wav(start: bytes) -> bool:
    """Whether a file that starts with these 12 bytes is a WAV."""
    return start[:4] in (b"RIFF", b"RF64") and start[8:12] == b"WAVE"


def read_tags(file: BinaryIO) -> Tags:
    """Read the tags of a WAV, wherever in the file they are.

    Texts that are no UTF-8 are taken for Latin-1. What is damaged counts as not being there.

    Args:
        file: A file that can be sought, at its start.
    """
    end = file.seek(0, 2)
    data_bytes = _UNKNOWN
    position = 12
    while position + 8 <= end:
        file.seek(position)
        name, size = struct.unpack("<4sI", file.read(8))
        content = file.read(min(size, _MOST_READ)) if name in (b"ds64", b"LIST") else b""
        if name == b"ds64" and len(content) >= 16:
            (data_bytes,) = struct.unpack_from("<Q", content, 8)
        elif name == b"LIST" and content.startswith(b"INFO"):
            return _parse_info(content[4:])
        elif name == b"data" and size == _UNKNOWN:
            size = data_bytes
        position += 8 + size + size % 2
    return Tags()


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + bytes(len(content) % 2)


def _sampler(frames: int, sample_rate_hz: int) -> bytes:
    """Return the smpl chunk: one loop from the first frame to the last, played forward for ever.

    Of Microsoft's "Multimedia Data Standards Update" (1994): nine numbers, among them the length
    of a frame in nanoseconds and the key, middle C, at which it sounds as recorded; then six for
    each loop. Its end is a frame that is still played.
    """
    period_ns, middle_c, loops = round(1e9 / sample_rate_hz), 60, 1
    about_all = struct.pack("<9I", 0, 0, period_ns, middle_c, 0, 0, 0, loops, 0)
    number, forward, start, end, fraction, for_ever = 0, 0, 0, max(0, frames - 1), 0, 0
    return _chunk(
        b"smpl", about_all + struct.pack("<6I", number, forward, start, end, fraction, for_ever)
    )


def _info(tags: Tags) -> bytes:
    """Return the LIST chunk, or nothing where there is no text."""
    texts = [
        _chunk(_INFO_NAMES[name], text.encode() + b"\0") for name, text in tags.items() if text
    ]
    return _chunk(b"LIST", b"INFO" + b"".join(texts)) if texts else b""


def _parse_info(content: bytes) -> Tags:
    """Read the texts of a LIST chunk, from after its kind."""
    names = {name: field for field, name in _INFO_NAMES.items()}
    texts: dict[str, str] = {}
    position = 0
    while position + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, position)
        text = content[position + 8 : position + 8 + size].partition(b"\0")[0]
        if name in names:
            try:
                texts[names[name]] = text.decode()
            except UnicodeDecodeError:
                texts[names[name]] = text.decode("latin-1")
        position += 8 + size + size % 2
    return Tags(**texts)
