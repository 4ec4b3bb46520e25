"""The chunks of a folder of recordings, and their split into training and validation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from distill_export.training.data.folder import Warn, find_files, name_within
from distill_export.training.data.recordings import RecordingFile
from distill_export.training.data.spectrogram_cache import SpectrogramCache
from distill_runtime.arrays import Float32Array
from distill_runtime.errors import RecordingError
from distill_runtime.files.shown import shown

_HOPELESS_S = 10.0


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording and what is learnt from it.

    Attributes:
        file: Its file.
        spectrograms: float32 `[chunks, 2, n_mels, frames]`, not normalised.
        duration_s: Its length, as far as it can be decoded.
    """

    file: RecordingFile
    spectrograms: Float32Array
    duration_s: float


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
        for indices in torch.split(torch.arange(len(self)), size):
            yield self.batch(indices)

    def locate(self, index: int) -> tuple[Recording, int]:
        """Return the recording of a chunk, and the chunk's place in it."""
        i = int(np.searchsorted(self._starts, index, side="right")) - 1
        return self.recordings[i], index - int(self._starts[i])

    def _chunk(self, index: int) -> Float32Array:
        recording, place = self.locate(index)
        chunk: Float32Array = recording.spectrograms[place]
        return chunk


def read_folder(folder: Path, cache: SpectrogramCache, *, warn: Warn) -> list[Recording]:
    """Read all recordings of a folder; what cannot be used, or not all of it, is named.

    The same bytes under two names count once: else a recording could be held out and trained on.

    Args:
        folder: The folder, with its subfolders.
        cache: Where the spectrograms are kept.
        warn: Told of everything that is left out, and of recordings that are not as they should be.

    Raises:
        RecordingError: There is no such folder, or no recording in it.
        OutputError: The cache cannot be written.
    """
    found: dict[str, Recording] = {}
    for path in find_files(folder, warn=warn):
        name = name_within(folder, path)
        try:
            file = RecordingFile.open(path, name)
            if file.sha256 in found:
                raise RecordingError(f"is the same as {found[file.sha256].file.name}")
            kept = cache.recall(file)
        except RecordingError as reason:
            warn(f"skipped {name}: it {reason}")
            continue
        found[file.sha256] = Recording(file, kept.spectrograms, kept.duration_s)
        for note in kept.notes:
            warn(f"{name}: it {note}")
    if not found:
        raise RecordingError(
            f"{shown(folder)} has no recording that can be read: give a folder of WAV, FLAC, OGG "
            "or MP3 files"
        )
    return list(found.values())


def total_duration_s(recordings: list[Recording]) -> float:
    """Return the length of all recordings together."""
    return sum(recording.duration_s for recording in recordings)


def hopelessness(recordings: list[Recording]) -> str | None:
    """Return in words that there is too little to learn from; None if there is enough to try."""
    duration_s = total_duration_s(recordings)
    if duration_s >= _HOPELESS_S:
        return None
    return (
        f"{duration_s:.1f} s of sound is hopeless: a model needs minutes, and this one will know "
        "nothing but these few sounds"
    )


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
