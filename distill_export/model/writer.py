"""Distill's model file, `model.distill`, as it is written: whole or not at all."""

from __future__ import annotations

import dataclasses
import datetime
import io
import itertools
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from distill_export.model.file import FORMAT, VERSION, parse_model
from distill_export.model.latent_analysis import LatentAnalysis
from distill_export.model.levels import BandLevels
from distill_export.model.metadata import ModelMetadata
from distill_export.model.own_part import OWN_KEY, own_document
from distill_export.model.pickled import ReferencePickle
from distill_export.model.safe_unpickle import PICKLE_PROTOCOL, read_stream
from distill_export.model.vae import ConvVAE
from distill_export.reference.audio_spectrogram import SpectrogramConfig
from distill_export.reference.complex_spectrogram import Statistics
from distill_runtime.contract import Landmarks
from distill_runtime.errors import OutputError, OutputExistsError
from distill_runtime.files.output_file import replacing
from distill_runtime.files.output_folder import make_folder
from distill_runtime.files.paths import status

MODEL_SUFFIX = ".distill"
_UNTITLED = "untitled"
_MOST_LETTERS = 100  # of a file's name


def save_model(
    model: ConvVAE,
    spectrogram_config: SpectrogramConfig | Mapping[str, Any],
    training_config: Mapping[str, Any] | None,
    metadata: ModelMetadata,
    models_dir: str | Path,
    analysis: LatentAnalysis | None = None,
    normalization_stats: Statistics | None = None,
) -> Path:
    """Write a model into a folder of models, under a name made of its own.

    As in Distill, the folder is made if it is not there, the name becomes small letters, digits,
    `-` and `_`, and where there is such a file already, the new one's name ends in `_1` or the next
    number that is free. Distill's list of the folder is not written: Distill adds to it what it
    finds, when it repairs it, and opens a file by its path without.

    Args:
        model: Its weights are written, in the types that they have.
        spectrogram_config: The mel spectrogram it was trained on, also as a plain dict.
        training_config: The settings of the training, as plain values.
        metadata: Name and origin; see `write_model`.
        models_dir: The folder.
        analysis: The sliders.
        normalization_stats: What the training set was normalised with.

    Returns:
        The file's path.

    Raises:
        ModelFileError: The model or what describes it makes no valid file.
        OutputError: The file or the folder could not be written.
    """
    folder = Path(models_dir)
    make_folder(folder)
    for stem in _free_names(metadata.name):
        path = folder / f"{stem}{MODEL_SUFFIX}"
        if status(path, error=OutputError) is not None:
            continue
        try:
            write_model(
                model,
                path,
                metadata,
                spectrogram_config,
                training_config=training_config,
                analysis=analysis,
                normalization_stats=normalization_stats,
            )
        except OutputExistsError:  # it appeared meanwhile
            continue
        return path
    raise AssertionError("the numbers do not end")


def write_model(
    model: ConvVAE,
    path: str | Path,
    metadata: ModelMetadata,
    spectrogram_config: SpectrogramConfig | Mapping[str, Any],
    *,
    training_config: Mapping[str, Any] | None = None,
    analysis: LatentAnalysis | None = None,
    normalization_stats: Statistics | None = None,
    landmarks: Landmarks | None = None,
    levels: BandLevels | None = None,
    overwrite: bool = False,
) -> None:
    """Write a model file that Distill opens to a path of the caller's.

    An empty `model_id` or `save_date` is filled in, and what the metadata says of the analysis is
    made to agree with `analysis`. Landmarks, and levels with them, go under a key of their own,
    which Distill does not read. Nothing is written that `load_model` would refuse.

    Raises:
        ModelFileError: The model or what describes it makes no valid file.
        OutputExistsError: The file is there and `overwrite` is false.
        RequestError: The path is a folder, or its folder does not exist.
        OutputError: The file could not be written.
    """
    state = model.state_dict()
    for name in state:  # in place: the versions of the modules hang on the dict
        state[name] = state[name].cpu()
    metadata = dataclasses.replace(
        metadata,
        model_id=metadata.model_id or str(uuid.uuid4()),
        save_date=metadata.save_date or datetime.datetime.now(datetime.UTC).isoformat(),
        has_analysis=analysis is not None,
        n_active_components=0 if analysis is None else analysis.n_active_components,
    )
    if isinstance(spectrogram_config, SpectrogramConfig):
        spectrogram_config = spectrogram_config.to_dict()
    content = {
        "format": FORMAT,
        "version": VERSION,
        "model_state_dict": state,
        "latent_dim": model.latent_dim,
        "spectrogram_config": dict(spectrogram_config),
        "latent_analysis": None if analysis is None else analysis.to_dict(),
        "training_config": None if training_config is None else dict(training_config),
        "metadata": metadata.to_dict(),
        "normalization_stats": None if normalization_stats is None else dict(normalization_stats),
        **({} if landmarks is None else {OWN_KEY: own_document(landmarks, levels)}),
    }
    buffer = io.BytesIO()
    torch.save(content, buffer, pickle_module=ReferencePickle, pickle_protocol=PICKLE_PROTOCOL)
    parse_model(read_stream(buffer, "the model to save"), document="the model to save")
    with replacing(Path(path), overwrite=overwrite) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def _free_names(name: str) -> itertools.chain[str]:
    """Return the names to try, in order: the one that Distill gives a model, then numbered ones."""
    stem = re.sub(r"[^A-Za-z0-9-]+", "_", name).strip("_").lower()
    stem = stem[:_MOST_LETTERS] or _UNTITLED
    return itertools.chain([stem], (f"{stem}_{number}" for number in itertools.count(1)))
