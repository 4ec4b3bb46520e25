"""Spectrograms of recordings, computed once and kept beside the output."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from distill_export.reference.complex_spectrogram import ComplexSpectrogram
from distill_export.training.data import recordings
from distill_export.training.data.recordings import RecordingFile, Samples, read_chunks
from distill_export.training.folders import make_folder
from distill_runtime.errors import RecordingError
from distill_runtime.files.output_file import replacing

CHUNK_SHAPE = (2, 128, 94)
_AT_ONCE = 16
_VERSION = 1  # to be raised when the same settings give something else

Spectrograms = npt.NDArray[np.float32]


class SpectrogramCache:
    """The spectrograms of every recording in a file of its own, named by what they depend on.

    Args:
        folder: Where the files lie; made when the first one is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._transform = ComplexSpectrogram()

    def spectrograms(self, recording: RecordingFile) -> Spectrograms:
        """Return float32 `[chunks, 2, 128, 94]`, not normalised, mapped from the file.

        Raises:
            RecordingError: The recording cannot be read, or is silent.
            OutputError: The cache cannot be written.
        """
        path = self.path_of(recording)
        found = _load(path)
        if found is not None:
            return found
        chunks = [
            self._transform.waveform_to_complex_mel(torch.from_numpy(np.stack(group))[:, None])
            for group in _grouped(recording.path)
        ]
        if not chunks:
            raise RecordingError("is silent")
        computed = torch.cat(chunks).numpy()
        make_folder(path.parent)
        with replacing(path, overwrite=True) as temporary, temporary.open("wb") as file:
            np.save(file, computed)
        found = _load(path)
        return computed if found is None else found

    def path_of(self, recording: RecordingFile) -> Path:
        """Return the file for a recording's content and these settings."""
        config = self._transform.config
        settings = {
            "version": _VERSION,
            "content": recording.sha256,
            "n_fft": config.n_fft,
            "hop_length": config.hop_length,
            "masking_threshold": config.if_masking_threshold,
            "rate_hz": recordings.RATE_HZ,
            "chunk_samples": recordings.CHUNK_SAMPLES,
            "silence_peak": recordings.SILENCE_PEAK,
            "peak": recordings.TARGET_PEAK,
        }
        key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        return self.folder / f"{key[:32]}.npy"


def _load(path: Path) -> Spectrograms | None:
    """Map a file; None if there is none, or one that is not whole."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if array.dtype != np.float32 or array.ndim != 4 or array.shape[1:] != CHUNK_SHAPE:
        return None
    return array if len(array) else None


def _grouped(path: Path) -> Iterator[list[Samples]]:
    chunks = read_chunks(path)
    while group := list(itertools.islice(chunks, _AT_ONCE)):
        yield group
