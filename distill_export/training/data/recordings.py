"""Recordings as a training takes them: chunks of one second at 48 kHz, mono, of one peak."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from distill_export.training.data.decoding.decoder import decoding
from distill_export.training.data.survey import Survey, mean_of_channels, survey
from distill_runtime.arrays import Float32Array
from distill_runtime.audio.level import TARGET_PEAK, peak
from distill_runtime.contract import SAMPLE_RATE_HZ
from distill_runtime.errors import RecordingError

CHUNK_SAMPLES = SAMPLE_RATE_HZ
_SHORTEST_REST = CHUNK_SAMPLES // 2  # what is left after the last whole chunk, if it is worth it


@dataclass(frozen=True)
class RecordingFile:
    """A file that may be a recording.

    Attributes:
        path: Where it is.
        name: Its path within the folder, as it can be printed.
        sha256: Of its bytes.
    """

    path: Path
    name: str
    sha256: str

    @classmethod
    def open(cls, path: Path, name: str) -> RecordingFile:
        """Look at a file's bytes, whatever they are.

        Raises:
            RecordingError: They cannot be read.
        """
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as reason:
            raise RecordingError(f"cannot be read ({reason.strerror or reason})") from None
        return cls(path, name, sha256)


def read_chunks(path: Path) -> Iterator[Float32Array]:
    """Survey a recording, and cut it into chunks.

    Yields:
        float32 `[48000]`.

    Raises:
        RecordingError: See `survey` and `cut_chunks`.
    """
    yield from cut_chunks(path, survey(path))


def cut_chunks(path: Path, found: Survey) -> Iterator[Float32Array]:
    """Read a recording chunk by chunk; silent ones are left out, the others have one peak.

    What remains after the last whole chunk is filled up with silence if it is half a chunk or all
    that there is, and left out otherwise.

    Args:
        path: The recording.
        found: What `survey` has found in it.

    Yields:
        float32 `[48000]`.

    Raises:
        RecordingError: The file cannot be read any more, or its channels together are infinite.
    """
    for i, samples in enumerate(_cut(resampled(path, found))):
        if i >= len(found.audible) or (i and len(samples) < _SHORTEST_REST):
            return
        loudest = peak(samples) if found.audible[i] else 0.0
        if not np.isfinite(loudest):
            raise RecordingError("holds NaN or infinity")
        if loudest:
            chunk = np.zeros(CHUNK_SAMPLES, np.float32)
            chunk[: len(samples)] = samples * np.float32(TARGET_PEAK / loudest)
            yield chunk


def resampled(path: Path, found: Survey) -> Iterator[Float32Array]:
    """Yield blocks of any length at 48 kHz, without constant, mono.

    Args:
        path: The recording.
        found: What `survey` has found in it.

    Raises:
        RecordingError: The file cannot be read any more.
    """
    with decoding(path) as decoder:
        blocks = decoder.blocks(decoder.rate_hz)
        seconds = (
            _mono(second, found, cancelled)
            for second, cancelled in zip(blocks, found.cancelled, strict=False)
        )
        if decoder.rate_hz == SAMPLE_RATE_HZ:
            yield from seconds
            return
        stream = soxr.ResampleStream(decoder.rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32")
        for second in seconds:
            yield stream.resample_chunk(second)
        yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _mono(second: Float32Array, found: Survey, cancelled: bool) -> Float32Array:
    if found.offsets.any():
        second = second - found.offsets
    return second[:, found.channel].copy() if cancelled else mean_of_channels(second)


def _cut(blocks: Iterator[Float32Array]) -> Iterator[Float32Array]:
    held = np.zeros(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        whole = len(held) // CHUNK_SAMPLES * CHUNK_SAMPLES
        yield from held[:whole].reshape(-1, CHUNK_SAMPLES)
        held = held[whole:]
    if len(held):
        yield held
