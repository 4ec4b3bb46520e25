"""Turn a Distill model file into one verified artifact (needs torch and onnx).

Distill's own interface is here too, in plain PyTorch, for code that was written for it:

    from distill_export import GenerationConfig, GenerationPipeline, load_model

    loaded = load_model("ambience.distill")
    pipeline = GenerationPipeline(
        loaded.model,
        loaded.spectrogram,
        loaded.device,
        complex_spectrogram=loaded.complex_spectrogram,
        normalization_stats=loaded.normalization_stats,
    )
    audio = pipeline.generate(GenerationConfig(duration_s=2.0, seed=7)).audio

Names are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from distill_runtime import __version__ as __version__

# What it needs beside the runtime's own packages: the extras "export" and "cpu", as pip is told.
REQUIREMENTS = "torch onnx onnxscript onnxruntime"

if TYPE_CHECKING:
    from distill_export.model.checkpoint import save_model_from_checkpoint
    from distill_export.model.file import LoadedModel, load_model
    from distill_export.model.metadata import ModelMetadata
    from distill_export.model.vae import ConvVAE
    from distill_export.model.writer import save_model
    from distill_export.reference.audio_spectrogram import AudioSpectrogram, SpectrogramConfig
    from distill_export.reference.complex_spectrogram import (
        ComplexSpectrogram,
        ComplexSpectrogramConfig,
    )
    from distill_export.reference.continuous_mel import synthesize_continuous_mel
    from distill_export.reference.generation import (
        GenerationPipeline,
        GenerationResult,
        generate_chunks_crossfade,
        generate_chunks_latent_interp,
    )
    from distill_export.reference.generation_config import GenerationConfig
    from distill_export.reference.spatial import SpatialConfig, SpatialMode

_EXPORTS = {
    "model.checkpoint": ["save_model_from_checkpoint"],
    "model.file": ["LoadedModel", "load_model"],
    "model.metadata": ["ModelMetadata"],
    "model.vae": ["ConvVAE"],
    "model.writer": ["save_model"],
    "reference.audio_spectrogram": ["AudioSpectrogram", "SpectrogramConfig"],
    "reference.complex_spectrogram": ["ComplexSpectrogram", "ComplexSpectrogramConfig"],
    "reference.continuous_mel": ["synthesize_continuous_mel"],
    "reference.generation": [
        "GenerationPipeline",
        "GenerationResult",
        "generate_chunks_crossfade",
        "generate_chunks_latent_interp",
    ],
    "reference.generation_config": ["GenerationConfig"],
    "reference.spatial": ["SpatialConfig", "SpatialMode"],
}
_MODULES = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = [
    "AudioSpectrogram",
    "ComplexSpectrogram",
    "ComplexSpectrogramConfig",
    "ConvVAE",
    "GenerationConfig",
    "GenerationPipeline",
    "GenerationResult",
    "LoadedModel",
    "ModelMetadata",
    "SpatialConfig",
    "SpatialMode",
    "SpectrogramConfig",
    "generate_chunks_crossfade",
    "generate_chunks_latent_interp",
    "load_model",
    "save_model",
    "save_model_from_checkpoint",
    "synthesize_continuous_mel",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
