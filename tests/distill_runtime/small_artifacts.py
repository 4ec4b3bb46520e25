"""Artifacts of a few kilobytes that keep the contract, made to be spoilt by tests."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime import contract
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.scan.onnx_scan import hash_weights, scan_onnx
from distill_runtime.contract import (
    ArtifactMetadata,
    AudioGrid,
    Control,
    ModelInfo,
    Normalization,
    Parity,
    Slider,
    SliderBank,
    TestVector,
)

onnx = pytest.importorskip("onnx")

LATENT_DIM = 16
STATE_SIZE = 4
LEVEL = 0.25  # what the small model plays: a constant
LATENCY = 1024

METADATA = ArtifactMetadata(
    model=ModelInfo(
        id="rain-1",
        name="Rain",
        description="Rain on a tin roof",
        dataset_name="roofs",
        dataset_file_count=3,
        dataset_duration_s=61.5,
        training_date="2024-05-01T10:00:00",
        training_epochs=200,
        train_loss=0.125,
        validation_loss=None,
        saved_at="2024-05-02T10:00:00",
        tags=("wet", "quiet"),
    ),
    audio=AudioGrid(
        sample_rate_hz=48_000,
        n_fft=2048,
        hop_length=512,
        n_mels=128,
        chunk_frames=94,
        hop_frames=47,
    ),
    latent_dim=LATENT_DIM,
    state_size=STATE_SIZE,
    latency_samples=LATENCY,
    reconstruction="learned",
    precision="float32",
    precision_loss=None,
    normalization=Normalization(mag_mean=0.0, mag_std=1.5, if_mean=0.0, if_std=1.0),
    sliders=SliderBank(
        mean=(0.5,) * LATENT_DIM,
        sliders=(
            Slider(
                name="PC1",
                label="PC1 (Loudness)",
                component=(0.25,) * LATENT_DIM,
                step_size=0.3,
                min_step=-10,
                max_step=10,
                safe_min_step=-8,
                safe_max_step=7,
                warning_min_step=-9,
                warning_max_step=9,
                variance_explained=0.25,
                original_label="PC1 (Texture)",
            ),
        ),
    ),
    source_sha256="00" * 32,
    weights_sha256="00" * 32,
    exporter={"distill-export": "0.1.0", "torch": "2.6.0"},
    parity=Parity(
        decoder_max_difference=1e-6,
        reconstruction_snr_db=131.0,
        streaming_snr_db=300.0,
        batch_snr_db=300.0,
        trajectories=4,
    ),
    test_vector=TestVector(seed=3, steps=2, start=2000, audio=(LEVEL,) * 8, tolerance_db=60.0),
    controls=(
        Control(
            name="Brightness",
            direction=(0.25,) * LATENT_DIM,
            step_size=0.25,
            safe_min_step=-10,
            safe_max_step=8,
            unit="octaves",
            change_per_step=0.125,
            correlation=0.97,
            leak=0.5,
            leaks_into="Noise",
            places=16,
            is_level=False,
        ),
    ),
)


def document() -> dict[str, Any]:
    """Return the metadata as a JSON object to be changed."""
    return json.loads(METADATA.to_json())


def small_model() -> Any:
    """Return a model of the contract that plays a constant, without metadata."""
    helper, numpy_helper, kinds = onnx.helper, onnx.numpy_helper, onnx.TensorProto
    constants = {
        "level": np.float32(LEVEL),
        "one": np.array([1], np.int64),
        "zero": np.array([0], np.int64),
        "step_samples": np.array([METADATA.audio.step_samples], np.int64),
        "latency": np.array([LATENCY], np.int64),
        "two": np.array([2], np.int64),
    }
    nodes = [
        ("Shape", ["latents"], "sizes"),
        ("Slice", ["sizes", "zero", "one"], "batch"),
        ("Slice", ["sizes", "one", "two"], "steps"),
        ("Cast", ["finish"], "finish_number", {"to": kinds.INT64}),
        ("Reshape", ["finish_number", "one"], "finishing"),
        ("Add", ["steps", "finishing"], "blocks"),
        ("Mul", ["blocks", "step_samples"], "block_samples"),
        ("Mul", ["finishing", "latency"], "tail_samples"),
        ("Add", ["block_samples", "tail_samples"], "samples"),
        ("Concat", ["batch", "samples"], "audio_shape", {"axis": 0}),
        ("Expand", ["level", "audio_shape"], "audio"),
        ("Identity", ["state"], "next_state"),
    ]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(n[0], n[1], [n[2]], **(n[3] if len(n) > 3 else {})) for n in nodes],
        "small",
        [
            info(contract.LATENTS, kinds.FLOAT, ["batch", "steps", LATENT_DIM]),
            info(contract.STATE, kinds.FLOAT, ["batch", STATE_SIZE]),
            info(contract.FINISH, kinds.BOOL, []),
        ],
        [
            info(contract.AUDIO, kinds.FLOAT, ["batch", "samples"]),
            info(contract.NEXT_STATE, kinds.FLOAT, ["batch", STATE_SIZE]),
        ],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 8  # as the exporter writes it: the oldest onnxruntime loads it
    return model


def weights_sha256(model: Any) -> str:
    """Return the hash that the metadata of a model should name."""
    data = model.SerializeToString()
    return hash_weights(io.BytesIO(data), scan_onnx(io.BytesIO(data), len(data)))


def seal(model: Any, metadata: ArtifactMetadata = METADATA) -> Any:
    """Give a model its metadata, with the hash of its weights."""
    metadata = dataclasses.replace(metadata, weights_sha256=weights_sha256(model))
    return with_document(model, metadata.to_json())


def with_document(model: Any, text: str) -> Any:
    """Give a model this metadata document."""
    onnx.helper.set_model_props(model, {contract.METADATA_KEY: text})
    return model


def load(path: Path) -> Artifact:
    """Load a small model, whose structure is none that the exporter writes."""
    return Artifact.load(path, trust=True)


def save(model: Any, path: Path) -> Path:
    """Write a model or its bytes."""
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    return path


def varint(value: int) -> bytes:
    """Encode a number as protobuf does."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def field(number: int, value: int | bytes) -> bytes:
    """Encode a protobuf field that holds a number or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value
