"""The contract of the artifact: its version, its tensors, its grid and its metadata."""

from __future__ import annotations

from distill_runtime.contract.controls import (
    Control,
)
from distill_runtime.contract.landmarks import (
    MAX_LANDMARK_VALUES,
    MAX_LANDMARKS,
    MIN_LANDMARK_WIDTH,
    Landmarks,
)
from distill_runtime.contract.measurements import (
    Parity,
    PrecisionLoss,
    TestVector,
)
from distill_runtime.contract.metadata import (
    ArtifactMetadata,
    AudioGrid,
    Normalization,
)
from distill_runtime.contract.model_info import (
    ModelInfo,
)
from distill_runtime.contract.names import (
    ARTIFACT_ENDINGS,
    AUDIO,
    CHUNK_FRAMES,
    FINISH,
    FORMAT,
    HOP_FRAMES,
    HOP_LENGTH,
    HTML,
    LATENTS,
    MAX_FILE_BYTES,
    MAX_IR_VERSION,
    MAX_LATENT_DIM,
    MEL,
    METADATA_KEY,
    MIN_LATENT_DIM,
    NEXT_STATE,
    NN_TILDE,
    ONNX,
    OPSETS,
    PRECISIONS,
    PT2,
    RECONSTRUCTIONS,
    SAMPLE_RATE_HZ,
    SAMPLE_RATES_HZ,
    STATE,
    STEP_SAMPLES,
    TORCHSCRIPT,
    VERSION,
    Reconstruction,
)
from distill_runtime.contract.sliders import (
    MAX_STEP,
    Slider,
    SliderBank,
)

__all__ = [
    "ARTIFACT_ENDINGS",
    "AUDIO",
    "CHUNK_FRAMES",
    "FINISH",
    "FORMAT",
    "HOP_FRAMES",
    "HOP_LENGTH",
    "HTML",
    "LATENTS",
    "MAX_FILE_BYTES",
    "MAX_IR_VERSION",
    "MAX_LANDMARKS",
    "MAX_LANDMARK_VALUES",
    "MAX_LATENT_DIM",
    "MAX_STEP",
    "MEL",
    "METADATA_KEY",
    "MIN_LANDMARK_WIDTH",
    "MIN_LATENT_DIM",
    "NEXT_STATE",
    "NN_TILDE",
    "ONNX",
    "OPSETS",
    "PRECISIONS",
    "PT2",
    "RECONSTRUCTIONS",
    "SAMPLE_RATES_HZ",
    "SAMPLE_RATE_HZ",
    "STATE",
    "STEP_SAMPLES",
    "TORCHSCRIPT",
    "VERSION",
    "ArtifactMetadata",
    "AudioGrid",
    "Control",
    "Landmarks",
    "ModelInfo",
    "Normalization",
    "Parity",
    "PrecisionLoss",
    "Reconstruction",
    "Slider",
    "SliderBank",
    "TestVector",
]
