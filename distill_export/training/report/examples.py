"""Recorded chunks and what a model makes of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch

from distill_export.model.vae import ConvVAE
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_export.reference.log_mel import level_db, log_mel_distance_db
from distill_export.training.data.dataset import ChunkSet, Recording
from distill_export.training.data.recordings import read_chunks
from distill_export.training.report.preview import at_one_peak
from distill_runtime.arrays import Float32Array
from distill_runtime.errors import RecordingError
from distill_runtime.files.shown import shown

_EXAMPLES = 4


@dataclass(frozen=True)
class Example:
    """A chunk and what the model makes of it.

    Attributes:
        title: Recording and place.
        original: Level in dB, `[n_mels, frames]`.
        answer: The same of the reconstruction.
        original_sound: float32 `[samples]`.
        answer_sound: float32 `[samples]`.
        distance_db: Log-mel distance between the two.
    """

    title: str
    original: Float32Array
    answer: Float32Array
    original_sound: Float32Array
    answer_sound: Float32Array
    distance_db: float


@torch.inference_mode()
def examples(
    model: ConvVAE, statistics: Statistics, chunks: ChunkSet, count: int = _EXAMPLES
) -> list[Example]:
    """Return chunks spread over a set, and their reconstructions.

    Args:
        model: In eval mode.
        statistics: What its spectrograms are normalised with.
        chunks: The set.
        count: How many there shall be at most.

    Raises:
        RecordingError: A recording has changed since it was read.
    """
    transform = ComplexSpectrogram()
    device = next(model.parameters()).device
    made = []
    for index in np.unique(np.linspace(0, len(chunks) - 1, count).round().astype(int)):
        recording, place = chunks.locate(int(index))
        expected = chunks.batch(torch.tensor([int(index)]))
        mu, _ = model.encode(transform.normalize(expected, statistics).to(device))
        found = transform.denormalize(model.decode(mu).cpu(), statistics)
        sound = _original(recording, place)
        made.append(
            Example(
                title=f"{recording.file.name}, chunk {place + 1}",
                original=level_db(expected[0, 0]).numpy(),
                answer=level_db(found[0, 0]).numpy(),
                original_sound=sound,
                answer_sound=at_one_peak(transform.complex_mel_to_waveform(found)[0, 0].numpy()),
                distance_db=float(log_mel_distance_db(found[:, 0], expected[:, 0])),
            )
        )
    return made


def _original(recording: Recording, place: int) -> Float32Array:
    try:
        return next(itertools.islice(read_chunks(recording.file.path), place, None))
    except (RecordingError, StopIteration):
        raise RecordingError(
            f"{shown(recording.file.path)} has changed since it was read"
        ) from None
