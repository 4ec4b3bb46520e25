"""From a loaded model to the artifact's metadata document."""

from __future__ import annotations

import math
from typing import Any

import torch

from distill_export import __version__
from distill_export.formats.program import Program
from distill_export.graph.base import Synthesizer
from distill_export.graph.denormalize import normalization
from distill_export.model.file import LoadedModel
from distill_export.verify.controls.sound_names import SoundNames
from distill_export.verify.parity import Verification
from distill_runtime.contract import ArtifactMetadata, ModelInfo, PrecisionLoss


def artifact_metadata(
    loaded: LoadedModel,
    synthesizer: Synthesizer[Any],
    program: Program,
    *,
    verification: Verification,
    loss: PrecisionLoss | None,
    source_sha256: str,
    names: SoundNames,
) -> ArtifactMetadata:
    """Return the document of an artifact.

    Args:
        loaded: The model.
        synthesizer: The module that was made of it.
        program: What was made of that.
        verification: What was measured of the program.
        loss: What its precision costs; None if nothing.
        source_sha256: Of the model file.
        names: Its controls and its sliders.
    """
    return ArtifactMetadata(
        model=model_info(loaded),
        audio=synthesizer.grid,
        latent_dim=synthesizer.decoder.latent_dim,
        state_size=synthesizer.state_size,
        latency_samples=synthesizer.latency_samples,
        reconstruction=synthesizer.reconstruction,
        precision=synthesizer.decoder.precision,
        precision_loss=loss,
        normalization=normalization(loaded.normalization_stats),
        sliders=names.sliders,
        source_sha256=source_sha256,
        weights_sha256=program.weights_sha256(),
        exporter={
            "distill-export": __version__,
            "torch": torch.__version__,
            **program.versions,
        },
        parity=verification.parity,
        test_vector=verification.test_vector,
        controls=names.controls,
        landmarks=loaded.landmarks,
    )


def model_info(loaded: LoadedModel) -> ModelInfo:
    """Return what the training program said of the model."""
    metadata = loaded.metadata
    return ModelInfo(
        id=metadata.model_id,
        name=metadata.name,
        description=metadata.description,
        dataset_name=metadata.dataset_name,
        dataset_file_count=metadata.dataset_file_count,
        dataset_duration_s=metadata.dataset_total_duration_s,
        training_date=metadata.training_date,
        training_epochs=metadata.training_epochs,
        train_loss=_finite(metadata.final_train_loss),
        validation_loss=_finite(metadata.final_val_loss),
        saved_at=metadata.save_date,
        tags=tuple(metadata.tags),
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
