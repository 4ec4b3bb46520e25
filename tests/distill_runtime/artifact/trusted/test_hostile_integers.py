"""Wrong shapes and attributes of the integer operators: an error or numbers, never the end.

Each operator's cases run in one process of their own, which says what it is about to try. Not among
them is a QLinearConv without weights: it does end the process, and test_artifact_file.py has it.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime.artifact.session import SessionOptions, open_session_from_bytes, run_session
from distill_runtime.errors import DistillError

onnx = pytest.importorskip("onnx")

REPOSITORY = Path(__file__).parents[4]
TIMEOUT_S = 60
U8, I8, I32, F32 = np.uint8, np.int8, np.int32, np.float32
HUGE = 2**62
Case = tuple[dict[str, Any], dict[str, Any]]  # inputs by name, in order, and attributes


def conv(attributes: dict[str, Any] | None = None, **changes: Any) -> Case:
    """Return a QLinearConv that would be right but for what is changed."""
    inputs = {
        "x": np.ones((1, 4, 5, 6), U8),
        "x_scale": F32(1),
        "x_zero": U8(0),
        "w": np.ones((4, 4, 2, 2), I8),
        "w_scale": np.ones(4, F32),
        "w_zero": np.zeros(4, I8),
        "y_scale": F32(100),
        "y_zero": U8(0),
        "bias": np.zeros(4, I32),
    }
    return {**inputs, **changes}, attributes or {}


def conv_attribute_cases() -> Iterator[Case]:
    numbers = (-(2**63), -HUGE, -(2**31), -100, -3, -1, 0, 1, 3, 2**31, 2**32 + 1, HUGE, 2**63 - 1)
    for number in numbers:
        for pads in ([number] * 4, [number, 0, 0, 0], [0, 0, 0, number]):
            yield conv({"pads": pads})
        if number > -(2**63):
            yield conv({"pads": [number, number, -number, -number], "strides": [2, 2]})
        for name in ("strides", "dilations", "kernel_shape"):
            yield conv({name: [number, number]})
            yield conv({name: [1, number], "pads": [3, 3, 3, 3]})
            yield conv({name: [number, number], "auto_pad": "SAME_UPPER"})
        yield conv({"group": number})
        yield conv({"group": number}, w=np.ones((4, 1, 2, 2), I8))
    for count in (1, 3, 5, 8):
        for name in ("pads", "strides", "dilations", "kernel_shape"):
            yield conv({name: [1] * count})


def conv_input_cases() -> Iterator[Case]:
    weights = [(4, 0, 2, 2), (4, 3, 2, 2), (4, 4, 0, 0), (4, 4, 9, 9), (4, 4, 2), (4, 4), (4,), ()]
    weights += [(1, 4, 2, 2), (4, 4, 2, 2, 2)]
    for shape in weights:
        yield conv(w=np.ones(shape, I8))
        yield conv({"pads": [9, 9, 9, 9]}, w=np.ones(shape, I8))
    images = [(0, 4, 5, 6), (1, 0, 5, 6), (1, 4, 0, 6), (1, 4, 5), (4,), (), (1, 3, 5, 6)]
    for shape in [*images, (1, 4, 1, 1), (1, 4, 5, 6, 2)]:
        yield conv(x=np.ones(shape, U8))
        yield conv({"pads": [1, 1, 1, 1]}, x=np.ones(shape, U8))
    for name, value in conv()[0].items():
        kind = np.asarray(value).dtype
        for shape in [(), (0,), (1,), (3,), (4,), (1000,), (4, 1), (2, 2)]:
            yield conv(**{name: np.ones(shape, kind)})
        for other in (U8, I8, I32, F32):
            yield conv(**{name: np.asarray(value).astype(other)})
    for name, number in itertools.product(("x_scale", "y_scale"), SCALES):
        yield conv(**{name: F32(number)})
    for number in SCALES:
        yield conv(w_scale=np.full(4, number, F32))


SCALES = (0.0, -1.0, np.nan, np.inf, -np.inf, 1e-45, 3e38)
ZERO_SHAPES = [None, (), (0,), (1,), (2,), (3,), (4,), (1000,), (3, 1), (1, 4), (2, 3, 1)]


def matmul_cases() -> Iterator[Case]:
    shapes = [(), (0,), (1,), (3,), (0, 4), (3, 4), (4, 3), (4, 0), (2, 3, 4), (3, 4, 3), (2, 0, 4)]
    for a, b in itertools.product(shapes, shapes):
        yield {"a": np.ones(a, U8), "b": np.ones(b, I8)}, {}
    for a_zero, b_zero, rows in itertools.product(ZERO_SHAPES, ZERO_SHAPES, [(3,), (2, 3)]):
        inputs = {"a": np.ones((*rows, 5), U8), "b": np.ones((*rows[:-1], 5, 4), I8)}
        inputs["a_zero"] = None if a_zero is None else np.ones(a_zero, U8)
        inputs["b_zero"] = None if b_zero is None else np.ones(b_zero, I8)
        yield inputs, {}
    for kinds in itertools.product((U8, I8, I32, F32), repeat=3):
        arrays = (
            np.ones(shape, kind) for shape, kind in zip([(3, 5), (5, 4), ()], kinds, strict=True)
        )
        yield dict(zip(("a", "b", "a_zero"), arrays, strict=True)), {}


def quantize_cases() -> Iterator[Case]:
    sizes = [(), (0,), (1,), (3,), (4,), (1000,), (2, 2)]
    images = [(), (0,), (4,), (2, 4, 3), (2, 0, 3)]
    axes = (0, 1, -3, 100, -100, HUGE, -(2**63))
    for x, scale, zero, axis in itertools.product(images, sizes, [None, *sizes], axes):
        inputs = {"x": np.ones(x, F32), "scale": np.ones(scale, F32)}
        inputs["zero"] = None if zero is None else np.zeros(zero, U8)
        yield inputs, {"axis": axis}
    values = np.array([0, 1, -1, np.nan, np.inf, -np.inf, 3e38, 1e-45] * 9, F32)
    for number, kind in itertools.product(SCALES, (U8, I8, I32, F32)):
        yield {"x": values, "scale": F32(number), "zero": kind(3)}, {}


CASES = {
    "QLinearConv": lambda: itertools.chain(conv_attribute_cases(), conv_input_cases()),
    "MatMulInteger": matmul_cases,
    "QuantizeLinear": quantize_cases,
}


def build(operator: str, case: Case, fed: set[str]) -> tuple[bytes, dict[str, np.ndarray]]:
    """Return a model of one node, and its inputs; what is not fed is held as a weight."""
    helper, kinds = onnx.helper, onnx.TensorProto
    inputs, attributes = case
    arrays = {name: np.asarray(value) for name, value in inputs.items() if value is not None}
    feeds = {name: array for name, array in arrays.items() if name in fed}
    names = [name if name in arrays else "" for name in inputs]
    output = kinds.INT32 if operator == "MatMulInteger" else kinds.UINT8
    graph = helper.make_graph(
        [helper.make_node(operator, names, ["y"], **attributes)],
        "hostile",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), None)
            for name, a in feeds.items()
        ],
        [helper.make_tensor_value_info("y", output, None)],
        [onnx.numpy_helper.from_array(a, name) for name, a in arrays.items() if name not in fed],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return model.SerializeToString(), feeds


def try_all(operator: str) -> None:
    """Load and run every case, its first input alone given at run time, and then all of them."""
    options = SessionOptions(provider="cpu", threads=1)
    played = 0
    for case in CASES[operator]():
        names = list(case[0])
        for fed in (set(names[:1]), set(names)):
            shapes = {name: np.shape(v) for name, v in case[0].items() if v is not None}
            print(operator, shapes, case[1], "all fed" if len(fed) > 1 else "", flush=True)
            model, feeds = build(operator, case, fed)
            try:
                run_session(open_session_from_bytes(model, options), ["y"], feeds)
                played += 1
            except DistillError:
                pass
    print("played", played)


@pytest.mark.parametrize("operator", CASES)
def test_a_wrong_node_ends_in_numbers_or_an_error(operator: str) -> None:
    command = [sys.executable, __file__, operator]
    path = {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        command,
        env=os.environ | path,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    last = done.stdout.splitlines()[-1]
    assert done.returncode == 0, f"exit code {done.returncode}: {last} {done.stderr[-500:]}"
    assert int(last.removeprefix("played ")) > 20


if __name__ == "__main__":
    try_all(sys.argv[1])
