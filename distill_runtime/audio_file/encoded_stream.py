"""FLAC and OGG as bytes that leave before the sound is whole: the body of an HTTP response.

libsndfile writes into something that only takes what comes behind all the rest. What it would go
back for is put in beforehand, as far as it is known then: a FLAC's length, an OGG's serial number.
A FLAC has no checksum of its samples so.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator

import soundfile

from distill_runtime.arrays import FloatArray
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.ogg import numbered_pages
from distill_runtime.audio_file.quantize import Quantizer
from distill_runtime.audio_file.tags import Tags
from distill_runtime.audio_file.writer import ENCODERS, checked_blocks, sliced
from distill_runtime.errors import OutputError, RequestError

CONTAINERS = ("flac", "ogg")

# In a FLAC, its 36 bits end eight bytes of STREAMINFO (RFC 9639, section 8.2).
_LENGTH_AT, _LENGTH_BITS = 18, 36


def encoded_chunks(
    blocks: Iterable[FloatArray],
    *,
    audio_format: AudioFormat,
    frames: int,
    sample_rate_hz: int,
    channels: int,
    tags: Tags | None = None,
    seed_for_dither: int | None = 0,
    serial: int = 0,
) -> Iterator[bytes]:
    """Return the bytes of a FLAC or an OGG as its blocks come.

    The samples are those that `write_audio` puts into a file, and the same blocks, however they are
    cut, give the same bytes. What is wrong with the settings is told at once, with the blocks when
    they come.

    Args:
        blocks: `[channels, samples]` each, full scale being 1, any number of samples.
        audio_format: Of which container, and its bit depth.
        frames: How many there will be in all, at least one.
        sample_rate_hz: Frames in a second.
        channels: Rows of every block.
        tags: Texts to be in it.
        seed_for_dither: 0 to 2^32 - 1, or None for no dither.
        serial: Of an OGG's stream, 0 to 2^32 - 1: another one for another sound.

    Raises:
        RequestError: A setting is out of bounds, or a block has another number of channels.
        OutputError: A sample is NaN or infinite, or libsndfile failed.
        ValueError: The blocks do not hold the frames that were announced.
    """
    if audio_format.container not in CONTAINERS:
        raise RequestError(f"a {audio_format.container} is no stream of libsndfile's")
    audio_format.check_sample_rate(sample_rate_hz)
    audio_format.check_channels(channels)
    if frames < 1:
        raise RequestError(f"the sound has no samples, and a {audio_format.container} needs some")
    quantizer = Quantizer(audio_format.bit_depth, seed_for_dither)
    checked = checked_blocks(blocks, channels=channels, frames=frames, name="the stream")

    def chunks() -> Iterator[bytes]:
        outlet = _Outlet()
        with soundfile.SoundFile(
            outlet,
            "w",
            samplerate=sample_rate_hz,
            channels=channels,
            **ENCODERS[audio_format.container, audio_format.bit_depth],
        ) as file:
            for tag, text in (tags or Tags()).items():
                if text:
                    setattr(file, tag, text)
            for block in sliced(checked, channels):
                file.write(quantizer.push(block))
                yield outlet.take()
        yield outlet.take()

    finished = _translated(chunks())
    if audio_format.container == "ogg":
        return numbered_pages(finished, serial)
    return _with_length(finished, frames)


class _Outlet(io.RawIOBase):
    """Takes what is written behind the rest, and forgets what would go before it."""

    def __init__(self) -> None:
        self._position = self._end = 0
        self._content: list[bytes] = []

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._end}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def write(self, content: bytes) -> int:  # type: ignore[override]
        if self._position == self._end:
            self._content.append(bytes(content))
            self._end += len(content)
        self._position += len(content)
        return len(content)

    def take(self) -> bytes:
        """Return what has come since the last time."""
        content = b"".join(self._content)
        self._content.clear()
        return content


def _translated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from filter(None, chunks)
    except soundfile.LibsndfileError as reason:
        raise OutputError(f"the stream is not complete: {reason.error_string}") from reason


def _with_length(chunks: Iterator[bytes], frames: int) -> Iterator[bytes]:
    """Write the length into a FLAC's first bytes."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _LENGTH_AT + 8:
            break
    (packed,) = struct.unpack_from(">Q", head, _LENGTH_AT)
    if frames < 2**_LENGTH_BITS:
        packed = packed >> _LENGTH_BITS << _LENGTH_BITS | frames
    yield head[:_LENGTH_AT] + struct.pack(">Q", packed) + head[_LENGTH_AT + 8 :]
    yield from chunks
