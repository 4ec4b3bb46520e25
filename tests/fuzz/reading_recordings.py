"""What is asked of a file that claims to be a recording: its chunks, or a reason in one line."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from distill_export.training.data.recordings import CHUNK_SAMPLES, RecordingFile, cut_chunks
from distill_export.training.data.survey import survey
from distill_runtime.audio.level import TARGET_PEAK
from distill_runtime.errors import RecordingError

warnings.simplefilter("error")


def read(path: Path) -> str:
    """Read a recording as a training does, and return what came of it."""
    try:
        RecordingFile.open(path, path.name)
        found = survey(path)
        chunks = 0
        for chunk in cut_chunks(path, found):
            assert chunk.shape == (CHUNK_SAMPLES,) and chunk.dtype == np.float32
            assert abs(float(np.abs(chunk).max()) - TARGET_PEAK) < 1e-3, "every chunk has one peak"
            chunks += 1
    except RecordingError as reason:
        _check_said(str(reason))
        return "refused"
    for note in found.notes:
        _check_said(note)
    assert 0 < found.duration_s < 3600, "so much sound cannot be in so few bytes"
    return ("read, with a note" if found.notes else "read") if chunks else "read, too quiet"


def _check_said(message: str) -> None:
    assert message.isprintable(), "a message is one line, without control characters"
    assert len(message) < 300, "a message can be read"
