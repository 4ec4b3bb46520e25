"""Recordings in a folder, read as chunks of one second at 48 kHz, mono."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from distill_runtime.audio.level import TARGET_PEAK, peak
from distill_runtime.errors import RecordingError

RATE_HZ = 48_000
CHUNK_SAMPLES = RATE_HZ
SILENCE_PEAK = 1e-3  # -60 dB of full scale; louder chunks are brought to one peak
_SHORTEST_REST = CHUNK_SAMPLES // 2  # what is left after the last whole chunk, if it is worth it
_BLOCK_FRAMES = 2**17
_RATES_HZ = (4_000, 768_000)

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class RecordingFile:
    """A file that can be read.

    Attributes:
        path: Where it is.
        name: Its path within the folder.
        sha256: Of its bytes.
        duration_s: Its length.
    """

    path: Path
    name: str
    sha256: str
    duration_s: float

    @classmethod
    def open(cls, path: Path, folder: Path) -> RecordingFile:
        """Look at a file without reading its sound.

        Raises:
            RecordingError: It is nothing that soundfile reads.
        """
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            info = soundfile.info(str(path))
            duration_s = info.frames / info.samplerate
        except OSError as reason:
            raise RecordingError(f"cannot be read ({reason.strerror or reason})") from None
        except (RuntimeError, TypeError, ValueError, ZeroDivisionError):  # soundfile's own
            raise RecordingError("is no audio file that soundfile reads") from None
        low, high = _RATES_HZ
        if not low <= info.samplerate <= high:
            raise RecordingError(f"has {info.samplerate} Hz, expected {low} to {high}")
        return cls(path, path.relative_to(folder).as_posix(), sha256, duration_s)


def find_files(folder: Path) -> list[Path]:
    """Return the files of a folder and its subfolders in a fixed order, hidden ones left out.

    Raises:
        RecordingError: There is no such folder.
    """
    if not folder.is_dir():
        what = (
            "is a file, expected a folder" if folder.exists() else "does not exist: give a folder"
        )
        raise RecordingError(f"{folder} {what} of recordings")
    found = []
    try:
        for parent, folders, files in os.walk(folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            found += [Path(parent) / name for name in files if not name.startswith(".")]
    except OSError as reason:
        raise RecordingError(f"{folder} cannot be read: {reason.strerror}") from None
    return sorted(path for path in found if path.is_file())


def read_chunks(path: Path) -> Iterator[Samples]:
    """Read a recording chunk by chunk; silent ones are left out, the others have one peak.

    What remains after the last whole chunk is filled up with silence if it is half a chunk or all
    that there is, and left out otherwise.

    Yields:
        float32 `[48000]`.

    Raises:
        RecordingError: The file cannot be read to its end, or holds NaN or infinity.
    """
    for i, samples in enumerate(_cut(_resampled(path))):
        if i and len(samples) < _SHORTEST_REST:
            return
        loudest = peak(samples)
        if not np.isfinite(loudest):
            raise RecordingError("holds NaN or infinity")
        if loudest >= SILENCE_PEAK:
            chunk = np.zeros(CHUNK_SAMPLES, np.float32)
            chunk[: len(samples)] = samples * np.float32(TARGET_PEAK / loudest)
            yield chunk


def _resampled(path: Path) -> Iterator[Samples]:
    """Yield blocks of any length at 48 kHz, the mean of all channels."""
    try:
        with soundfile.SoundFile(str(path)) as file:
            if file.samplerate == RATE_HZ:
                yield from (_mono(block) for block in _blocks(file))
                return
            stream = soxr.ResampleStream(file.samplerate, RATE_HZ, 1, dtype="float32")
            for block in _blocks(file):
                yield stream.resample_chunk(_mono(block))
            yield stream.resample_chunk(np.zeros(0, np.float32), last=True)
    except OSError as reason:
        raise RecordingError(f"cannot be read ({reason.strerror or reason})") from None
    except (RuntimeError, TypeError, ValueError) as reason:
        line = next(iter(str(reason).splitlines()), "")[:100]
        raise RecordingError(f"is damaged ({line})") from None


def _blocks(file: soundfile.SoundFile) -> Iterator[Samples]:
    while len(block := file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
        yield block


def _mono(block: Samples) -> Samples:
    return np.ascontiguousarray(block.mean(axis=1, dtype=np.float32))


def _cut(blocks: Iterator[Samples]) -> Iterator[Samples]:
    held = np.zeros(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        whole = len(held) // CHUNK_SAMPLES * CHUNK_SAMPLES
        yield from held[:whole].reshape(-1, CHUNK_SAMPLES)
        held = held[whole:]
    if len(held):
        yield held
