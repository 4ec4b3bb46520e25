"""What is measured: a model, and the artifact made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from distill_export.export import export_model
from distill_export.model.file import LoadedModel, load_model
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.session import SessionOptions


@dataclass(frozen=True)
class Subject:
    """A model as PyTorch has it and as the runtime has it."""

    loaded: LoadedModel
    artifact: Artifact

    @classmethod
    def from_model(cls, model: Path, folder: Path, *, threads: int) -> Subject:
        """Export a model into a folder and load both."""
        report = export_model(model, folder / "subject.onnx", overwrite=True, controls=False)
        options = SessionOptions(provider="cpu", threads=threads)
        return cls(load_model(model), Artifact.load(report.path, options=options))

    def as_int8(self, model: Path, folder: Path) -> Artifact:
        """Export the model with int8 weights and load that."""
        path = folder / "int8.onnx"
        report = export_model(model, path, precision="int8", overwrite=True, controls=False)
        return Artifact.load(report.path, options=self.artifact.options)

    def latents(self, steps: int, *, seed: int = 0) -> npt.NDArray[np.float32]:
        """Return a random trajectory `[1, steps, latent_dim]`."""
        shape = (1, steps, self.artifact.latent_dim)
        return np.random.default_rng(seed).standard_normal(shape, np.float32)
