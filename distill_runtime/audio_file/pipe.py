"""Writing sound to a stream that cannot be sought, a pipe above all.

libsndfile mends its headers afterwards, which a pipe does not allow; here the length is known
beforehand. A pipe whose reader has gone raises BrokenPipeError, which is the caller's to handle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Literal, get_args

from distill_runtime.arrays import FloatArray
from distill_runtime.audio_file import wav
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.quantize import Quantizer, to_bytes
from distill_runtime.audio_file.tags import Tags
from distill_runtime.audio_file.writer import checked_blocks
from distill_runtime.errors import RequestError

RawEncoding = Literal["f32", "s16"]
RAW_ENCODINGS: tuple[RawEncoding, ...] = get_args(RawEncoding)

_NAME = "the stream"


def write_wav_stream(
    file: BinaryIO,
    blocks: Iterable[FloatArray],
    *,
    frames: int,
    sample_rate_hz: int,
    channels: int,
    bit_depth: int = 24,
    tags: Tags | None = None,
    seed_for_dither: int | None = 0,
    loop: bool = False,
) -> None:
    """Write a WAV, RF64 beyond 4 GB: the bytes that `write_audio` would put in a file.

    Args:
        file: Where to write, from wherever it stands.
        blocks: `[channels, samples]` each, full scale being 1, any number of samples.
        frames: How many there will be in all.
        sample_rate_hz: Frames in a second.
        channels: Rows of every block.
        bit_depth: 16, 24 or 32 (floating point).
        tags: Texts to be in it.
        seed_for_dither: 0 to 2^32 - 1, or None for no dither.
        loop: Whether to say in it that all of it is a loop.

    Raises:
        RequestError: A setting is out of bounds, or a block has another number of channels.
        OutputError: A sample is NaN or infinite.
        ValueError: The blocks do not hold the frames that were announced.
        OSError: The stream cannot be written; BrokenPipeError where its reader has gone.
    """
    for chunk in wav_chunks(
        blocks,
        frames=frames,
        sample_rate_hz=sample_rate_hz,
        channels=channels,
        bit_depth=bit_depth,
        tags=tags,
        seed_for_dither=seed_for_dither,
        loop=loop,
    ):
        _write_all(file, chunk)
    file.flush()


def wav_chunks(
    blocks: Iterable[FloatArray],
    *,
    frames: int,
    sample_rate_hz: int,
    channels: int,
    bit_depth: int = 24,
    tags: Tags | None = None,
    seed_for_dither: int | None = 0,
    loop: bool = False,
) -> Iterator[bytes]:
    """Return the bytes of a WAV as its blocks come, the header first; see `write_wav_stream`.

    What is wrong with the settings is told at once, with the blocks when they come.
    """
    audio_format = AudioFormat("wav", bit_depth)
    audio_format.check_sample_rate(sample_rate_hz)
    audio_format.check_channels(channels)
    start = wav.header(
        frames=frames,
        sample_rate_hz=sample_rate_hz,
        channels=channels,
        bit_depth=bit_depth,
        tags=tags,
        loop=loop,
    )
    quantizer = Quantizer(bit_depth, seed_for_dither)
    end = wav.trailer(frames=frames, channels=channels, bit_depth=bit_depth)

    def chunks() -> Iterator[bytes]:
        yield start
        for block in checked_blocks(blocks, channels=channels, frames=frames, name=_NAME):
            yield to_bytes(quantizer.push(block), bit_depth)
        yield end

    return chunks()


def write_raw_stream(
    file: BinaryIO,
    blocks: Iterable[FloatArray],
    *,
    encoding: RawEncoding,
    channels: int,
    seed_for_dither: int | None = 0,
) -> int:
    """Write bare samples, little-endian, the channels interleaved.

    Args:
        file: Where to write.
        blocks: `[channels, samples]` each, full scale being 1, any number of samples.
        encoding: "f32" (floating point) or "s16" (integers, dithered and clipped).
        channels: Rows of every block.
        seed_for_dither: 0 to 2^32 - 1, or None for no dither.

    Returns:
        How many frames were written.

    Raises:
        RequestError: There is no such encoding, or a block has another number of channels.
        OutputError: A sample is NaN or infinite.
        OSError: The stream cannot be written; BrokenPipeError where its reader has gone.
    """
    if encoding not in RAW_ENCODINGS:
        raise RequestError(
            f"the raw encoding is {encoding!r}, expected one of {', '.join(RAW_ENCODINGS)}"
        )
    bit_depth = 32 if encoding == "f32" else 16
    quantizer = Quantizer(bit_depth, seed_for_dither)
    written = 0
    for block in checked_blocks(blocks, channels=channels, frames=None, name=_NAME):
        _write_all(file, to_bytes(quantizer.push(block), bit_depth))
        written += block.shape[1]
    file.flush()
    return written


def _write_all(file: BinaryIO, content: bytes) -> None:
    """Write everything, where an unbuffered stream takes only a part at a time."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
