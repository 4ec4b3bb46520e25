"""Sliders and landmarks for a model that has none, or others than its recordings suggest."""

from __future__ import annotations

from pathlib import Path

from distill_export.model.file import load_model
from distill_export.model.latent_analysis import LatentAnalysis
from distill_export.model.writer import write_model
from distill_export.training.band_levels import find_levels
from distill_export.training.data.dataset import ChunkSet, read_folder
from distill_export.training.data.spectrogram_cache import SpectrogramCache
from distill_export.training.landmarks import find_landmarks
from distill_export.training.request import Say
from distill_export.training.sliders.analysis import analyse_latents
from distill_export.training.workspace import SPECTROGRAMS, workspace
from distill_runtime.files.output_file import check_output
from distill_runtime.files.shown import shown

_BATCH = 32


def renew_sliders(
    folder: Path,
    model: Path,
    output: Path,
    *,
    overwrite: bool = False,
    say: Say = lambda line: None,
) -> LatentAnalysis:
    """Give a model file the sliders that the recordings suggest, and landmarks where they lie.

    Args:
        folder: The recordings it was trained on.
        model: The model file.
        output: Where to write the model with its sliders; may be the same.
        overwrite: Replace a file that is there.
        say: Told what is being done.

    Raises:
        ModelFileError: The model cannot be used, or has no encoder.
        RecordingError: The folder is not there, or has no recording that can be read.
        OutputExistsError: The output is there and `overwrite` is false.
        OutputError: Something could not be written.
    """
    check_output(output, overwrite=overwrite)
    loaded = load_model(model)
    say(f"reading {shown(folder)}")
    cache = SpectrogramCache(workspace(output) / SPECTROGRAMS)
    chunks = ChunkSet(read_folder(folder, cache, warn=say))
    say(f"analysing the latents of {len(chunks)} chunks")
    statistics = loaded.normalization_stats
    analysis = analyse_latents(loaded.model, statistics, chunks.batches(_BATCH))
    # What the model plays when nothing is asked for stays as it is.
    default = 0.0 if loaded.landmarks is None else loaded.landmarks.default
    landmarks = find_landmarks(loaded.model, statistics, chunks.batches(_BATCH), default=default)
    write_model(
        loaded.model,
        output,
        loaded.metadata,
        loaded.spectrogram.config,
        training_config=loaded.training_config,
        analysis=analysis,
        normalization_stats=statistics,
        landmarks=landmarks,
        levels=find_levels(chunks.batches(_BATCH)),
        overwrite=overwrite,
    )
    return analysis
