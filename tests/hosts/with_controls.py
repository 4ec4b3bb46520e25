"""Artifacts that were exported without the search for controls, given those of another export."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from distill_runtime import ArtifactFile
from distill_runtime.contract import Landmarks
from tests.distill_runtime.small_artifacts import onnx, save, seal


def with_controls(
    artifact: Path, of: Path, out: Path, *, landmarks: Landmarks | None = None
) -> Path:
    """Write an artifact with the controls and the slider labels of another of the same model.

    And with landmarks, if there are some.
    """
    found = ArtifactFile.inspect(of).metadata
    metadata = dataclasses.replace(
        ArtifactFile.inspect(artifact).metadata,
        controls=found.controls,
        sliders=found.sliders,
        landmarks=landmarks,
    )
    return save(seal(onnx.load(artifact), metadata), out)
