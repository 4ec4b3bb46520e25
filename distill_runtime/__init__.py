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
    from distill_runtime.audio.binaural.sofa_file import SofaFile
    from distill_runtime.audio.binaural.source_position import SourcePosition
    from distill_runtime.audio.level_meter import Levels
    from distill_runtime.audio.spatial import StereoSettings
    from distill_runtime.audio_file.container import AudioFormat
    from distill_runtime.audio_file.tags import Tags
    from distill_runtime.contract import ArtifactMetadata, Control, Slider
    from distill_runtime.errors import (
        ArtifactError,
        BackendError,
        CancelledError,
        DependencyError,
        DistillError,
        FailureError,
        InputError,
        OutputError,
        OutputExistsError,
        RequestError,
        SpaceError,
        VerificationError,
    )
    from distill_runtime.generation.benchmark import BenchmarkReport, measure
    from distill_runtime.generation.blend import Blend
    from distill_runtime.generation.config import GenerationConfig
    from distill_runtime.generation.live.live_stream import LiveStream
    from distill_runtime.generation.pipeline import GenerationPipeline
    from distill_runtime.generation.playback import play_sound
    from distill_runtime.generation.plot import plot_sound
    from distill_runtime.generation.preset import Preset
    from distill_runtime.generation.recipe import Recipe
    from distill_runtime.generation.reproduction import Reproduction
    from distill_runtime.generation.result import GenerationResult
    from distill_runtime.generation.sound_stream import SoundStream

# Where each public name lives. What plays needs onnxruntime, and says so when it is imported.
_HOMES = {
    "artifact.artifact": ("Artifact",),
    "artifact.file": ("ArtifactFile",),
    "artifact.session": ("SessionOptions",),
    "artifact.verification": ("VerificationReport", "verify"),
    "audio.binaural.sofa_file": ("SofaFile",),
    "audio.binaural.source_position": ("SourcePosition",),
    "audio.level_meter": ("Levels",),
    "audio.spatial": ("StereoSettings",),
    "audio_file.container": ("AudioFormat",),
    "audio_file.tags": ("Tags",),
    "contract": ("ArtifactMetadata", "Control", "Slider"),
    "errors": (
        "ArtifactError",
        "BackendError",
        "CancelledError",
        "DependencyError",
        "DistillError",
        "FailureError",
        "InputError",
        "OutputError",
        "OutputExistsError",
        "RequestError",
        "SpaceError",
        "VerificationError",
    ),
    "generation.benchmark": ("BenchmarkReport", "measure"),
    "generation.blend": ("Blend",),
    "generation.config": ("GenerationConfig",),
    "generation.live.live_stream": ("LiveStream",),
    "generation.pipeline": ("GenerationPipeline",),
    "generation.playback": ("play_sound",),
    "generation.plot": ("plot_sound",),
    "generation.preset": ("Preset",),
    "generation.recipe": ("Recipe",),
    "generation.reproduction": ("Reproduction",),
    "generation.result": ("GenerationResult",),
    "generation.sound_stream": ("SoundStream",),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}
_PLAYERS = ("Artifact", "Blend", "GenerationPipeline", "LiveStream", "Reproduction", "measure")

__all__ = [
    "Artifact",
    "ArtifactError",
    "ArtifactFile",
    "ArtifactMetadata",
    "AudioFormat",
    "BackendError",
    "BenchmarkReport",
    "Blend",
    "CancelledError",
    "Control",
    "DependencyError",
    "DistillError",
    "FailureError",
    "GenerationConfig",
    "GenerationPipeline",
    "GenerationResult",
    "InputError",
    "Levels",
    "LiveStream",
    "OutputError",
    "OutputExistsError",
    "Preset",
    "Recipe",
    "Reproduction",
    "RequestError",
    "SessionOptions",
    "Slider",
    "SofaFile",
    "SoundStream",
    "SourcePosition",
    "SpaceError",
    "StereoSettings",
    "Tags",
    "VerificationError",
    "VerificationReport",
    "measure",
    "play_sound",
    "plot_sound",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _PLAYERS:
        from distill_runtime.artifact.session import require_onnxruntime  # noqa: PLC0415

        require_onnxruntime()
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
