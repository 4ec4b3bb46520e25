"""The chunks of a folder of recordings, and their split into training and validation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from distill_export.training.data.recordings import RecordingFile, find_files
from distill_export.training.data.spectrogram_cache import SpectrogramCache, Spectrograms
from distill_runtime.errors import RecordingError


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording and its spectrograms `[chunks, 2, n_mels, frames]`, not normalised."""

    file: RecordingFile
    spectrograms: Spectrograms


class ChunkSet:
    """Chunks of several recordings, counted through."""

    def __init__(self, recordings: list[Recording]) -> None:
        self.recordings = recordings
        counts = [len(recording.spectrograms) for recording in recordings]
        self._starts = np.cumsum([0, *counts])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def batch(self, indices: torch.Tensor) -> torch.Tensor:
        """Return float32 `[batch, 2, n_mels, frames]`."""
        return torch.from_numpy(np.stack([self._chunk(int(index)) for index in indices]))

    def batches(self, size: int) -> Iterator[torch.Tensor]:
        """Yield all chunks in their order, so many at once."""
        for indices in torch.arange(len(self)).split(size):
            yield self.batch(indices)

    def locate(self, index: int) -> tuple[Recording, int]:
        """Return the recording of a chunk, and the chunk's place in it."""
        i = int(np.searchsorted(self._starts, index, side="right")) - 1
        return self.recordings[i], index - int(self._starts[i])

    def _chunk(self, index: int) -> Spectrograms:
        recording, place = self.locate(index)
        return recording.spectrograms[place]


def read_folder(
    folder: Path, cache: SpectrogramCache, *, warn: Callable[[str], None]
) -> list[Recording]:
    """Read all recordings of a folder; what cannot be used is named and left out.

    The same bytes under two names count once: else a recording could be held out and trained on.

    Args:
        folder: The folder, with its subfolders.
        cache: Where the spectrograms are kept.
        warn: Told of every file that is left out.

    Raises:
        RecordingError: There is no such folder, or no recording in it.
        OutputError: The cache cannot be written.
    """
    found: dict[str, Recording] = {}
    for path in find_files(folder):
        name = path.relative_to(folder).as_posix()
        try:
            file = RecordingFile.open(path, folder)
            if file.sha256 in found:
                raise RecordingError(f"is the same as {found[file.sha256].file.name}")
            found[file.sha256] = Recording(file, cache.spectrograms(file))
        except RecordingError as reason:
            warn(f"skipped {name}: it {reason}")
    if not found:
        raise RecordingError(f"{folder} has no recording that can be read")
    return list(found.values())


def split_recordings(
    recordings: list[Recording], *, fraction: float, seed: int
) -> tuple[ChunkSet, ChunkSet]:
    """Hold out whole recordings for validation.

    Recordings are drawn and held out as long as they stay within the fraction of all chunks, and at
    least one is: the shortest, if none fits.

    Args:
        recordings: All recordings.
        fraction: Share of the chunks to hold out; 0 holds out none.
        seed: Of the draw.

    Returns:
        Training and validation; validation is empty if there is one recording only.
    """
    if len(recordings) < 2 or not fraction:
        return ChunkSet(recordings), ChunkSet([])
    order = torch.randperm(len(recordings), generator=torch.Generator().manual_seed(seed))
    sizes = [len(recording.spectrograms) for recording in recordings]
    allowed = fraction * sum(sizes)
    held_out: set[int] = set()
    for i in order.tolist():
        if sum(sizes[j] for j in held_out) + sizes[i] <= allowed:
            held_out.add(i)
    if not held_out:
        held_out = {min(order.tolist(), key=lambda i: sizes[i])}
    return (
        ChunkSet([r for i, r in enumerate(recordings) if i not in held_out]),
        ChunkSet([r for i, r in enumerate(recordings) if i in held_out]),
    )


def digest(recordings: list[Recording]) -> str:
    """Return a hash of the recordings' contents and their order."""
    return hashlib.sha256("".join(r.file.sha256 for r in recordings).encode()).hexdigest()
