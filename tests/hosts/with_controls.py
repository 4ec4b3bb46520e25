"""Artifacts that were exported without the search for controls, given those of another export."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from distill_runtime import ArtifactFile
from tests.distill_runtime.small_artifacts import onnx, save, seal


def with_controls(artifact: Path, of: Path, out: Path) -> Path:
    """Write an artifact with the controls and the slider labels of another of the same model."""
    found = ArtifactFile.inspect(of).metadata
    metadata = dataclasses.replace(
        ArtifactFile.inspect(artifact).metadata, controls=found.controls, sliders=found.sliders
    )
    return save(seal(onnx.load(artifact), metadata), out)
