"""Training checkpoints of Distill (`.pt`), read as the models they are going to be."""

from __future__ import annotations

import dataclasses
import hashlib
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from distill_export.model.file import (
    FORMAT,
    VERSION,
    LoadedModel,
    is_checkpoint,
    parse_model,
    read_weights,
    refuse_sibling,
)
from distill_export.model.metadata import ModelMetadata
from distill_export.model.naming import stem_of
from distill_export.model.own_part import OWN_KEY
from distill_export.model.safe_unpickle import read_file
from distill_export.model.writer import save_model
from distill_runtime.errors import ModelFileError
from distill_runtime.files.shown import shown


def load_model_or_checkpoint(path: str | Path, device: str | torch.device = "cpu") -> LoadedModel:
    """Read a model file or a training checkpoint, running no code from it.

    A checkpoint has no metadata: its model is named as `naming.stem_of` says, its id depends on the
    file's bytes alone, and the training's facts are those of the epoch it was written in.

    Raises:
        IncompatibleModelError: It is an older or a sibling format.
        ModelFileError: There is no such file, or it cannot be used; the message says why.
        RequestError: The device does not exist.
        DependencyError: The installed PyTorch is too old to read a file safely.
    """
    return _load(Path(path), device)


def load_checkpoint(path: str | Path, device: str | torch.device = "cpu") -> LoadedModel:
    """Read a training checkpoint as a model; see `load_model_or_checkpoint`."""
    return _load(Path(path), device, only_checkpoints=True)


def save_model_from_checkpoint(
    checkpoint_path: str | Path, metadata: ModelMetadata, models_dir: str | Path
) -> Path:
    """Convert a training checkpoint to a model file in a folder of models.

    Args:
        checkpoint_path: The checkpoint, a `.pt` file.
        metadata: Name and origin. Epoch and losses are the checkpoint's where it has them; so are
            the name, its file's or its folder's, and the id where the metadata has none.
        models_dir: The folder; see `save_model`.

    Returns:
        The model file's path.

    Raises:
        ModelFileError: The checkpoint cannot be used; the message says why.
        OutputError: The model file could not be written.
    """
    loaded = load_checkpoint(checkpoint_path)
    found = loaded.metadata
    metadata = dataclasses.replace(
        metadata,
        model_id=metadata.model_id or found.model_id,
        name=metadata.name or found.name,
        training_epochs=found.training_epochs or metadata.training_epochs,
        final_train_loss=_known(found.final_train_loss, metadata.final_train_loss),
        final_val_loss=_known(found.final_val_loss, metadata.final_val_loss),
    )
    return save_model(
        loaded.model,
        loaded.spectrogram.config,
        loaded.training_config,
        metadata,
        models_dir,
        loaded.analysis,
        loaded.normalization_stats,
    )


def _known(found: float | None, given: float | None) -> float | None:
    return given if found is None else found


def _load(path: Path, device: str | torch.device, *, only_checkpoints: bool = False) -> LoadedModel:
    def parse(content: Any, model_id: str, device: str | torch.device) -> LoadedModel:
        if is_checkpoint(content):
            content = _as_model(content, path, model_id)
        elif only_checkpoints:
            raise ModelFileError(f"{shown(path)} is no training checkpoint")
        return parse_model(content, document=shown(path), device=device)

    content = read_file(path, lambda outline: parse(outline, "", "meta"))
    return parse(content, _id_of(path) if is_checkpoint(content) else "", device)


def _as_model(checkpoint: Mapping[str, Any], path: Path, model_id: str) -> dict[str, Any]:
    """Arrange a checkpoint as a model file; whatever only the training needs is left out."""
    refuse_sibling(checkpoint)
    analysis = checkpoint.get("latent_analysis")
    features = read_weights(checkpoint, shown(path)).get("decoder.fc.weight")
    return {
        "format": FORMAT,
        "version": VERSION,
        "latent_dim": features.shape[1] if features is not None and features.ndim == 2 else None,
        "metadata": {
            "model_id": model_id,
            "name": shown(stem_of(path)),  # which may be no text as it is
            "training_epochs": checkpoint.get("epoch"),
            "final_train_loss": checkpoint.get("train_loss"),
            "final_val_loss": checkpoint.get("val_loss"),
            "has_analysis": analysis is not None,
            "n_active_components": analysis.get("n_active_components")
            if isinstance(analysis, dict)
            else 0,
        },
        **({OWN_KEY: checkpoint[OWN_KEY]} if OWN_KEY in checkpoint else {}),
        **{
            name: checkpoint.get(name)
            for name in (
                "model_state_dict",
                "spectrogram_config",
                "latent_analysis",
                "training_config",
                "normalization_stats",
            )
        },
    }


def _id_of(path: Path) -> str:
    """The same file gives the same id, so that exporting it twice gives the same artifact."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return str(uuid.uuid5(uuid.NAMESPACE_OID, digest))
