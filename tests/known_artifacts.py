"""Tiny artifacts of every kind that distill-export writes, traced once and not verified."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import pytest

from distill_runtime.contract import ArtifactMetadata
from tests.distill_runtime.small_artifacts import METADATA, onnx, seal

pytest.importorskip("torch")

from distill_export.model.vae import VAEShape
from distill_export.verify.known_structures import EXPANSION, LATENCY_SAMPLES, make_graph

STATS = (1.5, 2.5, -0.25, 0.5)
PLAIN = VAEShape(16, (16, 8, 8, 4, 4), None)
COMPOSED = VAEShape(16, (64, 8, 8, 4, 4), None)


@cache
def artifact(
    *,
    shape: VAEShape = PLAIN,
    passes: int | None = None,
    precision: str = "float32",
    stats: tuple[float, ...] | None = STATS,
    is_expanded: bool = False,
    seed: int = 1,
) -> bytes:
    """Return a whole artifact; with "refined" if passes are given."""
    graph = make_graph(
        shape,
        precision=precision,
        passes=passes,
        stats=stats,
        expansion=EXPANSION if is_expanded else None,
        seed=seed,
    )
    return sealed(onnx.ModelProto.FromString(graph), precision=precision)


@cache
def playable() -> bytes:
    """Return an artifact of one slider and one control, whose sound follows both."""
    model = onnx.ModelProto.FromString(artifact())
    return sealed(model, sliders=METADATA.sliders, controls=METADATA.controls)


def sealed(model: Any, *, precision: str = "float32", **changes: Any) -> bytes:
    """Give a graph a document that says what it is, but for changes; return the file."""
    return seal(model, metadata(model, precision=precision, **changes)).SerializeToString()


def metadata(model: Any, **changes: Any) -> ArtifactMetadata:
    """Return what the document of a graph says."""
    sizes = {
        value.name: value.type.tensor_type.shape.dim[-1].dim_value
        for value in model.graph.input[:2]
    }
    is_refined = any(node.op_type == "Scan" for node in model.graph.node)
    reconstruction = "refined" if is_refined else "learned"
    fitting: dict[str, Any] = {
        "latent_dim": sizes["latents"],
        "state_size": sizes["state"],
        "reconstruction": reconstruction,
        "latency_samples": LATENCY_SAMPLES[reconstruction],
        "sliders": None,
        "controls": (),
    }
    return dataclasses.replace(METADATA, **{**fitting, **changes})
