"""One pass over the samples of an audio file, as far as they can be decoded."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile

from distill_export.training.data.decoding.header import Header
from distill_export.training.data.decoding.quiet import quiet
from distill_export.training.data.decoding.spliced_file import SplicedFile
from distill_runtime.arrays import Float32Array
from distill_runtime.errors import RecordingError
from distill_runtime.files.interruption import held_back

RATES_HZ = (4_000, 768_000)
MOST_CHANNELS = 64
_READ_FRAMES = 2**17
_UNKNOWN_FRAMES = 2**62


class Decoder:
    """The samples of a file, block by block.

    Attributes:
        header: What the file says of itself.
        rate_hz: Frames a second, as they are in the file.
        channels: Samples in a frame.
        read_frames: Frames in the blocks so far.
        trouble: Why the decoder gave up; None if it has not.
    """

    def __init__(self, sound: soundfile.SoundFile, header: Header) -> None:
        self._sound, self.header = sound, header
        self.rate_hz, self.channels = int(sound.samplerate), int(sound.channels)
        self.read_frames = 0
        self.trouble: str | None = None

    def blocks(self, frames: int) -> Iterator[Float32Array]:
        """Yield float32 `[frames, channels]`, the last one shorter, to the end or to `trouble`.

        Raises:
            RecordingError: The decoder gives up before anything is read.
        """
        held = np.empty((0, self.channels), np.float32)
        for read in self._reads():
            held = np.concatenate([held, read])
            for start in range(0, len(held) - frames + 1, frames):
                yield held[start : start + frames]
            held = held[len(held) // frames * frames :]
        if len(held):
            yield held
        if self.trouble is not None and not self.read_frames:
            raise RecordingError(f"is damaged ({self.trouble})")

    @property
    def promised_frames(self) -> int | None:
        """Frames that the header says there are, once all blocks are read; None if it does not."""
        if 0 < self.header.share < 1:
            return round(self.read_frames / self.header.share)
        frames = int(self._sound.frames)
        return frames if self.header.counts_frames and frames < _UNKNOWN_FRAMES else None

    def _reads(self) -> Iterator[Float32Array]:
        while self.trouble is None:
            block = np.full((_READ_FRAMES, self.channels), np.nan, np.float32)
            try:
                with _whole_calls(self.header), quiet():
                    read = len(self._sound.read(out=block, always_2d=True))
            except (OSError, RuntimeError, TypeError, ValueError) as reason:
                # What the library decoded before it failed is there, but not how much it is.
                self.trouble = first_line(reason)
                missing = np.flatnonzero(np.isnan(block[:, -1]))
                read = int(missing[0]) if len(missing) else len(block)
            if not read:
                return
            self.read_frames += read
            yield block[:read]


@contextmanager
def decoding(path: Path) -> Iterator[Decoder]:
    """Open an audio file.

    Raises:
        RecordingError: It cannot be read, or it is not an audio file; what the complaint says goes
            on after the file's name.
    """
    try:
        with path.open("rb") as file:
            header = Header.read(file)
            with _opened(path, file, header) as sound:
                yield Decoder(sound, header)
    except OSError as reason:
        raise RecordingError(f"cannot be read ({reason.strerror or reason})") from None


@contextmanager
def _opened(path: Path, file: BinaryIO, header: Header) -> Iterator[soundfile.SoundFile]:
    # By its bytes: a name may hold some that are not text.
    source: Any = str(path) if sys.platform == "win32" else os.fsencode(path)
    if header.new_head:
        source = SplicedFile(header.new_head, file)
    try:
        with _whole_calls(header), quiet():
            sound = soundfile.SoundFile(source)
    except (RuntimeError, TypeError, ValueError):
        if header.share < 1:
            raise RecordingError(
                f"is cut off: {header.share:.0%} of it is there, which is not enough to read it"
            ) from None
        if not header.ends:
            raise RecordingError("is cut off before there is any sound in it") from None
        raise RecordingError("is not an audio file that soundfile reads") from None
    try:
        _check(sound)
        yield sound
    finally:
        with _whole_calls(header), quiet():
            sound.close()


def _check(sound: soundfile.SoundFile) -> None:
    low, high = RATES_HZ
    if not low <= sound.samplerate <= high:
        raise RecordingError(f"has {sound.samplerate} Hz, expected {low} to {high}")
    if not 1 <= sound.channels <= MOST_CHANNELS:
        raise RecordingError(f"has {sound.channels} channels, expected 1 to {MOST_CHANNELS}")


def _whole_calls(header: Header) -> Any:
    """Hold Ctrl-C back where the library calls us to read: from there nothing can be raised."""
    return held_back() if header.new_head else nullcontext()


def first_line(reason: Exception) -> str:
    """Return what an error says, in one line of a sensible length."""
    return next(iter(str(reason).splitlines()), "")[:100] or type(reason).__name__
