"""Play Distill artifacts with onnxruntime, numpy and soundfile, and without any training code.

    from distill_runtime import Artifact, GenerationConfig, GenerationPipeline

    pipeline = GenerationPipeline(Artifact.load("ambience.onnx"))
    result = pipeline.generate(GenerationConfig(duration_s=10.0, seed=7))
    result.save("ambience.wav")

Names are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from distill_runtime.artifact.artifact import Artifact
    from distill_runtime.artifact.file import ArtifactFile
    from distill_runtime.artifact.session import SessionOptions
    from distill_runtime.artifact.verification import VerificationReport, verify
    from distill_runtime.contract import ArtifactMetadata
    from distill_runtime.errors import (
        ArtifactError,
        BackendError,
        DependencyError,
        DistillError,
        FailureError,
        InputError,
        OutputError,
        OutputExistsError,
        RequestError,
        VerificationError,
    )
    from distill_runtime.generation.config import GenerationConfig
    from distill_runtime.generation.live import LiveStream
    from distill_runtime.generation.pipeline import GenerationPipeline, GenerationResult

_EXPORTS = {
    "artifact.artifact": ["Artifact"],
    "artifact.file": ["ArtifactFile"],
    "contract": ["ArtifactMetadata"],
    "errors": [
        "ArtifactError",
        "BackendError",
        "DependencyError",
        "DistillError",
        "FailureError",
        "InputError",
        "OutputError",
        "OutputExistsError",
        "RequestError",
        "VerificationError",
    ],
    "generation.pipeline": ["GenerationPipeline", "GenerationResult"],
    "generation.config": ["GenerationConfig"],
    "generation.live": ["LiveStream"],
    "artifact.session": ["SessionOptions"],
    "artifact.verification": ["VerificationReport", "verify"],
}
_MODULES = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = [
    "Artifact",
    "ArtifactError",
    "ArtifactFile",
    "ArtifactMetadata",
    "BackendError",
    "DependencyError",
    "DistillError",
    "FailureError",
    "GenerationConfig",
    "GenerationPipeline",
    "GenerationResult",
    "InputError",
    "LiveStream",
    "OutputError",
    "OutputExistsError",
    "RequestError",
    "SessionOptions",
    "VerificationError",
    "VerificationReport",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in ("Artifact", "GenerationPipeline", "LiveStream"):
        from distill_runtime.artifact.session import require_onnxruntime  # noqa: PLC0415

        require_onnxruntime()
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
