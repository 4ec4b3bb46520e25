"""Graphs that are trusted and ask for what they must not have."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.errors import ArtifactError
from tests.distill_runtime.small_artifacts import (
    LATENT_DIM,
    load,
    onnx,
    save,
    seal,
    small_model,
)

helper, T = onnx.helper, onnx.TensorProto
Spoil = Callable[[Any], None]


def constant(model: Any, name: str, values: Any, kind: Any = np.int64) -> str:
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(values, kind), name))
    return name


def node(model: Any, operator: str, inputs: list[str], *outputs: str, **attributes: Any) -> None:
    made = helper.make_node(operator, inputs, list(outputs) or ["made"], **attributes)
    model.graph.node.append(made)


def _divide_by(number: int, operator: str = "Div") -> Spoil:
    def spoil(model: Any) -> None:
        smallest = constant(model, "smallest", [-(2**63)])
        settings = {"fmod": 0} if operator == "Mod" else {}
        node(model, operator, [smallest, constant(model, "by", [number])], **settings)

    return spoil


def _divide_by_data(model: Any) -> None:
    node(model, "Cast", ["latents"], "whole", to=T.INT64)
    node(model, "Div", ["whole", "whole"])


def _split(outputs: int, **settings: int) -> Spoil:
    def spoil(model: Any) -> None:
        node(model, "Split", ["latents"], *(f"part{k}" for k in range(outputs)), **settings)

    return spoil


def _split_in_parts(model: Any) -> None:
    node(model, "Split", ["latents", constant(model, "parts", [8, 9])], "a", "b", axis=2)


def _expand(*sizes: int) -> Spoil:
    def spoil(model: Any) -> None:
        node(model, "Expand", ["level", constant(model, "wanted", sizes)])

    return spoil


def _expand_by_data(model: Any) -> None:
    node(model, "Cast", ["state"], "whole", to=T.INT64)
    node(model, "Reshape", ["whole", constant(model, "flat", [-1])], "wanted")
    node(model, "Expand", ["level", "wanted"])


def _doubling(model: Any) -> None:
    name = "state"
    for k in range(40):
        node(model, "Concat", [name, name], f"twice{k}", axis=1)
        name = f"twice{k}"


def _outer_product(model: Any) -> None:
    node(model, "Expand", ["level", constant(model, "column", [60_000, 1])], "tall")
    node(model, "Transpose", ["tall"], "wide", perm=[1, 0])
    node(model, "MatMul", ["tall", "wide"])


def _long_product(model: Any) -> None:
    node(model, "Expand", ["level", constant(model, "square", [9_000, 9_000])], "square_")
    node(model, "MatMul", ["square_", "square_"], "a")
    node(model, "MatMul", ["a", "square_"], "b")


def _padding(model: Any) -> None:
    node(model, "Pad", ["state", constant(model, "pads", [0, 0, 0, 2**33])])


def _range(model: Any) -> None:
    limits = [constant(model, f"limit{k}", k) for k in (0, 2**40, 1)]
    node(model, "Range", limits)


def _conv(**settings: Any) -> Spoil:
    def spoil(model: Any) -> None:
        constant(model, "image", np.ones((1, 1, 4, 4)), np.float32)
        constant(model, "weight", np.ones((1, 1, 2, 2)), np.float32)
        node(model, "Conv", ["image", "weight"], **settings)

    return spoil


def scan_of(model: Any, scanned: str, *nodes: Any, **settings: Any) -> None:
    """Add a Scan over a tensor; its body passes a state `[4]` through, and has nodes."""
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["inner_state"], ["inner_after"]), *nodes],
        "body",
        [info("inner_state", T.FLOAT, [4]), info("slice", T.FLOAT, None)],
        [info("inner_after", T.FLOAT, [4])],
    )
    constant(model, "scanned_state", np.zeros(4), np.float32)
    node(
        model, "Scan", ["scanned_state", scanned], "last", body=body, num_scan_inputs=1, **settings
    )


def _scan_of_nothing(model: Any) -> None:
    node(model, "Expand", ["level", constant(model, "empty", [2**27, 0])], "nothing")
    scan_of(model, "nothing")


def _scan_in_a_scan(model: Any) -> None:
    info = helper.make_tensor_value_info
    inner = helper.make_graph(
        [helper.make_node("Identity", ["s"], ["after"])],
        "inner",
        [info("s", T.FLOAT, [4]), info("part", T.FLOAT, None)],
        [info("after", T.FLOAT, [4])],
    )
    scan = helper.make_node(
        "Scan", ["inner_state", "slice"], ["nested"], body=inner, num_scan_inputs=1
    )
    node(model, "Expand", ["level", constant(model, "some", [3, 2])], "several")
    scan_of(model, "several", scan)


def _scan_along_another_axis(model: Any) -> None:
    node(model, "Expand", ["level", constant(model, "some", [3, 2])], "several")
    scan_of(model, "several", scan_input_axes=[1])


def _scan_that_grows(model: Any) -> None:
    node(model, "Expand", ["level", constant(model, "some", [3, 2])], "several")
    scan_of(model, "several")
    body = model.graph.node[-1].attribute[0].g
    twice = helper.make_node("Concat", ["inner_state"] * 2, ["inner_after"], axis=0)
    body.node[0].CopyFrom(twice)


def _sparse_initializer(model: Any) -> None:
    values = onnx.numpy_helper.from_array(np.ones(1, np.float32), "sparse")
    indices = onnx.numpy_helper.from_array(np.zeros(1, np.int64), "places")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [2**40]))


def _sparse_constant(model: Any) -> None:
    values = onnx.numpy_helper.from_array(np.ones(1, np.float32), "sparse")
    indices = onnx.numpy_helper.from_array(np.zeros(1, np.int64), "places")
    sparse = helper.make_sparse_tensor(values, indices, [2**31])
    node(model, "Constant", [], sparse_value=sparse)


def _constant_of_nothing(model: Any) -> None:
    model.graph.initializer.append(T(name="promised", data_type=T.FLOAT, dims=[2**34]))


def _many_nodes(model: Any) -> None:
    for k in range(17_000):
        node(model, "Identity", ["level"], f"same{k}")


def _a_name_twice(model: Any) -> None:
    node(model, "Identity", ["level"], "batch")


SPOILT: dict[str, tuple[Spoil, str]] = {
    "Div by -1": (_divide_by(-1), "Div is of integers"),
    "Div by 0": (_divide_by(0), "Div is of integers"),
    "Mod by -1": (_divide_by(-1, "Mod"), "Mod is of integers"),
    "Div by data": (_divide_by_data, "Div is sized by data"),
    "Split of more outputs": (_split(2, num_outputs=1, axis=2), "Split is with settings"),
    "Split of fewer outputs": (_split(2, num_outputs=3, axis=2), "Split is with settings"),
    "Split in parts that do not fit": (_split_in_parts, "Split is of sizes"),
    "Expand": (_expand(20_000, 20_000), "memory"),
    "Expand to an impossible size": (_expand(2**40, 0), "Expand is of an impossible size"),
    "Expand by data": (_expand_by_data, "Expand is sized by data"),
    "Concat again and again": (_doubling, "memory"),
    "outer product": (_outer_product, "memory"),
    "products that take long": (_long_product, "take too"),
    "Pad": (_padding, "Pad is of an impossible size"),
    "Range": (_range, "Range is of an impossible size"),
    "Conv without strides": (_conv(strides=[0, 1]), "Conv is with settings"),
    "Conv with negative pads": (_conv(pads=[-5, 0, 0, 0]), "Conv is with settings"),
    "Conv of another kernel": (_conv(kernel_shape=[3, 3]), "Conv is with settings"),
    "Scan of nothing, many times": (_scan_of_nothing, "take too long"),
    "Scan in a Scan": (_scan_in_a_scan, "Scan is within another"),
    "Scan along another axis": (_scan_along_another_axis, "Scan is with settings"),
    "Scan whose state grows": (_scan_that_grows, "Scan is of a state that changes"),
    "sparse initializer": (_sparse_initializer, "sparse"),
    "sparse constant": (_sparse_constant, "Constant holds what no artifact needs"),
    "a constant that holds nothing": (_constant_of_nothing, "does not hold what it says"),
    "many nodes": (_many_nodes, "nodes, at most"),
    "a name twice": (_a_name_twice, "stands for two values"),
}


@pytest.mark.parametrize(("spoil", "expected"), SPOILT.values(), ids=SPOILT)
def test_what_cannot_be_bounded_is_refused_trusted_or_not(
    tmp_path: Path, spoil: Spoil, expected: str
) -> None:
    model = small_model()
    spoil(model)
    path = save(seal(model), tmp_path / "hostile.onnx")
    with pytest.raises(ArtifactError, match="unknown structure"):
        Artifact.load(path)
    started = time.monotonic()
    with pytest.raises(ArtifactError) as caught:
        Artifact.load(path, trust=True)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert expected in message
    assert message.isprintable()
    assert time.monotonic() - started < 5


def test_what_a_call_asks_for_is_bounded_by_that_call(tmp_path: Path) -> None:
    model = small_model()
    # Fifteen doublings a step: nothing at one step, too much at two.
    constant(model, "many", 2**14)
    node(model, "Gather", ["sizes", "one"], "count", axis=0)
    node(model, "Sub", ["count", "one"], "more")
    node(model, "Mul", ["more", "many"], "side")
    node(model, "Concat", ["side", "side"], "square", axis=0)
    node(model, "Expand", ["level", "square"], "grown")
    artifact = load(save(seal(model), tmp_path / "grows.onnx"))
    latents = np.zeros((1, 2, LATENT_DIM), np.float32)
    assert artifact.step(latents[:, :1], artifact.initial_state())[0].any()
    with pytest.raises(ArtifactError, match="memory"):
        artifact.step(latents, artifact.initial_state())


def test_what_can_be_bounded_is_trusted(tmp_path: Path) -> None:
    model = small_model()
    node(model, "Expand", ["level", constant(model, "some", [3, 4])], "several")
    scan_of(model, "several")
    node(model, "Split", ["latents"], "a", "b", axis=2, num_outputs=2)
    artifact = load(save(seal(model), tmp_path / "fine.onnx"))
    assert artifact.render(np.zeros((1, 2, LATENT_DIM), np.float32)).any()


@pytest.mark.usefixtures("traced_once")
def test_a_known_graph_needs_no_trust_and_may_have_it() -> None:
    known_artifacts = pytest.importorskip("tests.known_artifacts")
    data = known_artifacts.artifact()
    assert ArtifactFile.inspect(data, trust=True).structure is not None
    assert Artifact.load(data, trust=True).is_known


@pytest.mark.parametrize("trust", [False, True])
def test_every_case_that_ever_ended_the_process_is_refused(shared: Path, trust: bool) -> None:
    cases = sorted((shared / "cases" / "hostile").glob("*.onnx"))
    assert len(cases) >= 7
    for path in cases:
        with pytest.raises(ArtifactError) as caught:
            Artifact.load(path, trust=trust)
        assert str(caught.value).isprintable()
