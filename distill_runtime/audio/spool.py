"""A sound parked until its level is known: small ones in memory, long ones in a temporary file."""

from __future__ import annotations

import io
import weakref
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.audio.level_meter import LevelMeter
from distill_runtime.errors import OutputError
from distill_runtime.files.paths import why
from distill_runtime.files.temporary import open_temporary, temporary_place, unwritable

MEMORY_BYTES = 16 * 2**20  # 87 s of mono at 48 kHz
_BLOCK_FRAMES = 2**16


def spool_bytes(channels: int, frames: int) -> int:
    """Return how much of the disk a sound takes while it is parked: 0 if it stays in memory."""
    size_bytes = 4 * channels * frames
    return size_bytes if size_bytes > MEMORY_BYTES else 0


class SoundSpool:
    """Takes a sound block by block and gives it back as often as it is asked for.

    Normalisation needs the peak of the whole before the first sample can be written; this keeps
    memory constant all the same. The temporary file has no name and is gone with the object.
    """

    def __init__(self, channels: int, expected_frames: int = 0) -> None:
        """Start an empty sound.

        Args:
            channels: Rows of every block.
            expected_frames: How long it will be, if that is known: what will be too long for memory
                then goes to a file at once, and never lies in memory on the way.
        """
        self.channels = channels
        self.frames = 0
        self._expected_frames = expected_frames
        self.meter = LevelMeter()
        self._file: BinaryIO = io.BytesIO()

    def write(self, block: Float32Array) -> None:
        """Append `[channels, samples]`.

        Raises:
            OutputError: There is no place or no space for the temporary file.
        """
        self.meter.add(block)
        self.frames += block.shape[1]
        size = 4 * self.channels * max(self.frames, self._expected_frames)
        data = np.ascontiguousarray(block.T, np.float32).data
        try:
            if isinstance(self._file, io.BytesIO) and size > MEMORY_BYTES:
                self._file = self._moved_to_disk(self._file)
            self._file.write(data)
        except OSError as reason:
            raise unwritable(temporary_place(), reason) from reason

    def _moved_to_disk(self, memory: io.BytesIO) -> BinaryIO:
        """Return a file that goes on where the memory ends."""
        file = open_temporary()
        weakref.finalize(self, file.close)
        # Not what SpooledTemporaryFile does, which holds everything twice for the moment.
        with memory.getbuffer() as held:
            file.write(held)
        return file

    def blocks(self, gain: float = 1.0) -> Iterator[Float32Array]:
        """Yield the sound from its beginning, times `gain`, as blocks `[channels, samples]`.

        Raises:
            OutputError: The temporary file cannot be read again.
        """
        frame_bytes = 4 * self.channels
        factor = np.float32(gain)
        for start in range(0, self.frames, _BLOCK_FRAMES):
            # Sought anew for every block, so that two readers do not disturb each other.
            try:
                self._file.seek(start * frame_bytes)
                data = self._file.read(_BLOCK_FRAMES * frame_bytes)
            except OSError as reason:
                raise OutputError(f"a temporary file cannot be read: {why(reason)}") from reason
            yield np.frombuffer(data, np.float32).reshape(-1, self.channels).T * factor
