"""Every graph that this exporter writes is one that the runtime knows."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from distill_export.formats.known_graph import require_known
from distill_export.graph.refined.expander import Expansion
from distill_export.model.vae import VAEShape
from distill_export.verify import known_structures
from distill_export.verify.known_structures import make_graph
from distill_export.verify.structures import Sample, _expression, _left_out
from distill_runtime.artifact.known.known_graph import (
    KnownStructure,
    UnknownStructureError,
    recognise,
)
from distill_runtime.artifact.scan.constants import check_arrays, check_finite
from distill_runtime.artifact.scan.onnx_scan import scan_onnx
from distill_runtime.errors import ArtifactError, VerificationError

WAY_OUT = (
    "the exporter writes a graph that the runtime does not know: run `make structures`, which adds "
    "it to known_structures.json (docs/artifact.md), and commit that file"
)
# Sizes that no structure was written down with, each with something that could make a difference:
# channels of one, sizes that are equal to each other or to a constant, a wider base, statistics
# that are left out or equal to a constant, weights that are float16 or not.
GRAPHS: dict[str, dict[str, Any]] = {
    "learned, of one channel": {
        "shape": VAEShape(16, (1, 1, 1, 1, 1), None),
        "stats": (0.5, 0.5, 0.5, 0.5),
    },
    "learned, without statistics, composed, of a wider base": {
        "shape": VAEShape(47, (94, 4, 3, 2, 33), None, base_width=4),
        "stats": None,
    },
    "learned, some of its weights float16": {
        "shape": VAEShape(512, (48, 47, 64, 9, 5), None),
        "precision": "float16",
        "stats": (0.0, 1.0 + 1e-9, 0.0, 3.0),
    },
    "refined, of many passes, in bytes": {
        "shape": VAEShape(32, (128, 12, 12, 12, 12), None),
        "precision": "int8",
        "passes": 4,
        "stats": (1.5, 1.0, 0.0, 1.0),
    },
    "refined, with an expander that leaves levels as they are": {
        "shape": VAEShape(16, (1, 1, 1, 1, 1), None),
        "passes": 2,
        "expansion": Expansion(torch.ones(128), torch.full((128,), 1e-6)),
    },
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_of_other_sizes_are_known(name: str) -> None:
    settings = {"stats": (-3.0, 2.0, 0.25, 0.75), **GRAPHS[name]}
    data = make_graph(**settings, seed=2)
    file = io.BytesIO(data)
    try:
        structure = recognise(
            scan_onnx(file, len(data)), file, latent_dim=settings["shape"].latent_dim
        )
    except UnknownStructureError as reason:
        pytest.fail(f"{WAY_OUT} ({reason})")
    assert structure.reconstruction == ("refined" if "passes" in settings else "learned")
    assert structure.integers == (settings.get("precision") == "int8")
    assert structure.halves == (settings.get("precision") == "float16")


def altered(data: bytes, name: str, values: np.ndarray) -> bytes:
    """The graph with other values for one of its constants."""
    model = onnx.ModelProto.FromString(data)
    (tensor,) = (t for t in model.graph.initializer if t.name == name)
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, name))
    return model.SerializeToString()


def known(data: bytes) -> KnownStructure:
    file = io.BytesIO(data)
    summary = scan_onnx(file, len(data))
    structure = recognise(summary, file, latent_dim=16)
    check_finite(summary.graph, data)
    check_arrays(structure, data)
    return structure


def test_what_an_expander_holds_is_free_and_its_shape_and_type_are_not() -> None:
    expansion = Expansion(torch.linspace(1.0, 2.0, 128), torch.linspace(1e-7, 1e-6, 128))
    data = make_graph(VAEShape(16, (1, 1, 1, 1, 1), None), passes=1, expansion=expansion)
    name, values = "stream.expander.gain", np.full((128, 1), 1e-3)
    arrays = [tensor.name for tensor, expected in known(data).arrays if expected.sums is None]
    assert arrays == ["stream.expander.slope", name]
    assert known(altered(data, name, values)).reconstruction == "refined"
    for other in (values[:64], values[:, 0], values.T, values.astype(np.float32)):
        with pytest.raises(UnknownStructureError):
            known(altered(data, name, other))
    with pytest.raises(ArtifactError, match="not all finite"):
        known(altered(data, name, np.full_like(values, np.nan)))
    filterbank = "stream.block.linear_power.area"
    with pytest.raises(ArtifactError, match="other constants"):
        known(altered(data, filterbank, values))


def test_another_pytorchs_graph_is_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], []))
    monkeypatch.setattr(torch, "__version__", "2.99.0")
    with pytest.raises(VerificationError, match=r"^PyTorch .* install torch 2\.13") as caught:
        require_known(model, latent_dim=16)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [((3, 5), "a"), ((14, 22), "2*b"), ((21, 55), "a*b"), ((168, 440), "8*a*b")],
)
def test_what_numbers_are_made_of(numbers: tuple[int, int], expected: str) -> None:
    assert _expression(numbers, ({"a": 3, "b": 7}, {"a": 5, "b": 11})) == expected


def test_a_number_that_is_made_of_nothing_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="no product"):
        _expression((4, 5), ({"a": 3}, {"a": 5}))


def test_statistics_are_left_out_in_float64_only_with_their_float32() -> None:
    tensors = [
        onnx.helper.make_tensor("mean32", onnx.TensorProto.FLOAT, [], [1.3]),
        onnx.helper.make_tensor("mean64", onnx.TensorProto.DOUBLE, [], [1.3]),
        onnx.helper.make_tensor("other", onnx.TensorProto.DOUBLE, [], [0.37]),
        onnx.helper.make_tensor("literal", onnx.TensorProto.DOUBLE, [], [0.5]),
    ]
    model = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], tensors))
    sample = Sample(model.SerializeToString(), {}, (1.3, 0.37), "learned", 1024, 0, False)
    found = {frozenset(names) for names in _left_out(sample)}
    both, one = {"mean32", "mean64"}, {"mean32"}
    expected = [set(), one, both, {"other"}, one | {"other"}, both | {"other"}]
    assert found == set(map(frozenset, expected))


def test_the_command_adds_nothing_where_nothing_is_new() -> None:
    known: dict[str, Any] = {"decoders": {}}
    entry = {"sha256": "a"}
    for _ in range(2):
        known_structures._add(known["decoders"], "key", entry)
    assert known == {"decoders": {"key": [entry]}}
