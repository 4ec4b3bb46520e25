"""Spectrograms of recordings, computed once and kept beside the output."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from distill_export.reference.complex_spectrogram import ComplexSpectrogram
from distill_export.training.data import recordings
from distill_export.training.data.recordings import RecordingFile, cut_chunks
from distill_export.training.data.survey import AUDIBLE_PEAK, Survey, survey
from distill_runtime.arrays import Float32Array
from distill_runtime.audio.level import TARGET_PEAK
from distill_runtime.contract import CHUNK_FRAMES, SAMPLE_RATE_HZ
from distill_runtime.errors import RecordingError
from distill_runtime.files.json_fields import JsonFields
from distill_runtime.files.output_file import replacing
from distill_runtime.files.output_folder import make_folder

CHUNK_SHAPE = (2, 128, CHUNK_FRAMES)
_AT_ONCE = 16
_VERSION = 2  # to be raised when the same settings give something else


@dataclass(frozen=True, eq=False)
class CachedRecording:
    """What is kept of a recording.

    Attributes:
        spectrograms: float32 `[chunks, 2, 128, 94]`, not normalised, mapped from the file.
        duration_s: Length of what could be decoded.
        notes: What a person should know of it; see `Survey`.
    """

    spectrograms: Float32Array
    duration_s: float
    notes: tuple[str, ...]


class SpectrogramCache:
    """The spectrograms of every recording in a file of its own, named by what they depend on.

    Beside it, a file of the same name says what else is known of the recording.

    Args:
        folder: Where the files lie; made when the first one is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._transform = ComplexSpectrogram()

    def recall(self, recording: RecordingFile) -> CachedRecording:
        """Return what is kept of a recording; what is not yet is computed.

        Raises:
            RecordingError: The recording cannot be read, or is silent.
            OutputError: The cache cannot be written.
        """
        path = self.path_of(recording)
        found = _load(path)
        if found is not None:
            return found
        seen = survey(recording.path)
        chunks = [
            self._transform.waveform_to_complex_mel(torch.from_numpy(np.stack(group))[:, None])
            for group in _grouped(recording.path, seen)
        ]
        if not chunks:
            raise RecordingError("is silent")
        computed: Float32Array = torch.cat(chunks).numpy()
        make_folder(path.parent)
        facts = {"duration_s": seen.duration_s, "notes": list(seen.notes)}
        with replacing(_beside(path), overwrite=True) as temporary:
            temporary.write_text(json.dumps(facts), encoding="utf-8")
        with replacing(path, overwrite=True) as temporary, temporary.open("wb") as file:
            np.save(file, computed)
        found = _load(path)
        return found or CachedRecording(computed, seen.duration_s, seen.notes)

    def path_of(self, recording: RecordingFile) -> Path:
        """Return the file for a recording's content and these settings."""
        config = self._transform.config
        settings = {
            "version": _VERSION,
            "content": recording.sha256,
            "n_fft": config.n_fft,
            "hop_length": config.hop_length,
            "masking_threshold": config.if_masking_threshold,
            "rate_hz": SAMPLE_RATE_HZ,
            "chunk_samples": recordings.CHUNK_SAMPLES,
            "silence_peak": AUDIBLE_PEAK,
            "peak": TARGET_PEAK,
        }
        key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        return self.folder / f"{key[:32]}.npy"


def _beside(path: Path) -> Path:
    return path.with_suffix(".json")


def _load(path: Path) -> CachedRecording | None:
    """Map a file; None if there is none, or one that is not whole."""
    try:
        array: Float32Array = np.load(path, mmap_mode="r", allow_pickle=False)
        text = _beside(path).read_text(encoding="utf-8")
        facts = JsonFields.parse(text, document="the cache", error=RecordingError)
        duration_s, notes = facts.number("duration_s"), facts.texts("notes")
    except (OSError, ValueError, EOFError):  # a RecordingError is a ValueError
        return None
    if array.dtype != np.float32 or array.ndim != 4 or array.shape[1:] != CHUNK_SHAPE:
        return None
    return CachedRecording(array, duration_s, notes) if len(array) else None


def _grouped(path: Path, seen: Survey) -> Iterator[list[Float32Array]]:
    chunks = cut_chunks(path, seen)
    while group := list(itertools.islice(chunks, _AT_ONCE)):
        yield group
