"""What is asked of a file that claims to be an ONNX artifact: describe it, load it, play it.

It is also scanned as one whose origin is trusted, which runs nothing.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.description import describe
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.session import SessionOptions
from distill_runtime.errors import BackendError, DistillError

warnings.simplefilter("error")


def read(path: Path) -> str:
    """Play a file, and return what came of it."""
    try:
        described = describe(ArtifactFile.inspect(path, trust=True))
        assert all(line.isprintable() for line in described.split("\n"))
        scanned = "described"
    except DistillError as reason:
        _check_said(reason, path)
        scanned = "not described"
    try:
        artifact = Artifact.load(path, options=SessionOptions(threads=1))
        latents = np.full((1, 2, artifact.latent_dim), 0.5, np.float32)
        artifact.step(latents, artifact.initial_state(), finish=True)
    except BackendError as reason:  # a weight may be such that the sound is not finite
        _check_said(reason, path)
        return f"{scanned}, fails"
    except DistillError as reason:
        _check_said(reason, path)
        return f"{scanned}, refused"
    return f"{scanned}, played"


def _check_said(reason: DistillError, path: Path) -> None:
    message = str(reason)
    assert message.isprintable(), "a message is one line, without control characters"
    assert len(message) < 500 + len(str(path)), "a message can be read"
