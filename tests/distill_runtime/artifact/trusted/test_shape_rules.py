"""What the rules say of sizes, against what onnxruntime makes of the same."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from distill_runtime.artifact.scan.onnx_scan import scan_onnx
from distill_runtime.artifact.session import SessionOptions, open_session_from_bytes, run_session
from distill_runtime.artifact.trusted import layout_rules  # noqa: F401  (registers its rules)
from distill_runtime.artifact.trusted.operators import OPERATORS
from distill_runtime.artifact.trusted.shape_rules import RULES, UnboundedError, Value, tensor
from tests.distill_runtime.small_artifacts import onnx

helper, numpy_helper = onnx.helper, onnx.numpy_helper
F32, I64, U8, I8 = np.float32, np.int64, np.uint8, np.int8

Case = tuple[str, list[Any], dict[str, Any]]


def floats(*shape: int) -> np.ndarray:
    return np.ones(shape, F32)


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, I64)


def single(number: int) -> np.ndarray:
    return np.array(number, I64)


CASES: list[Case] = [
    *((name, [floats(2, 3)], {}) for name in ("Abs", "Exp", "Log", "Relu", "Tanh", "Identity")),
    ("Cast", [floats(2, 3)], {"to": onnx.TensorProto.DOUBLE}),
    ("CumSum", [floats(2, 3), single(-1)], {}),
    ("Clip", [floats(2), np.array(0, F32), np.array(1, F32)], {}),
    *((name, [floats(2, 1, 3), floats(4, 1)], {}) for name in ("Add", "Div", "Mul", "Pow", "Sum")),
    ("Sub", [ints(7, 8), ints(3)], {}),
    ("Max", [floats(2, 1), floats(3)], {}),
    ("Mod", [ints(7, -8), ints(3)], {"fmod": 0}),
    ("Div", [ints(7, -8), ints(3)], {}),
    ("Greater", [floats(2, 1), floats(3)], {}),
    ("And", [np.ones((2, 1), bool), np.ones(3, bool)], {}),
    ("Where", [np.ones((2, 1), bool), floats(3), floats(4, 1, 1)], {}),
    ("MatMul", [floats(3, 4), floats(4, 5)], {}),
    ("MatMul", [floats(2, 1, 3, 4), floats(6, 4, 5)], {}),
    ("MatMulInteger", [np.ones((2, 3, 4), U8), np.ones((4, 5), I8)], {}),
    ("Gemm", [floats(4, 3), floats(5, 4)], {"transA": 1, "transB": 1}),
    ("Conv", [floats(2, 4, 9, 8), floats(6, 2, 3, 2)], {"group": 2}),
    (
        "Conv",
        [floats(1, 2, 9, 8), floats(3, 2, 3, 2)],
        {"pads": [1, 0, 2, 1], "strides": [2, 3], "dilations": [2, 1], "kernel_shape": [3, 2]},
    ),
    ("QuantizeLinear", [floats(2, 3), np.array(1, F32), np.array(0, U8)], {}),
    ("Range", [single(3), single(20), single(4)], {}),
    ("Range", [single(3), single(-20), single(-4)], {}),
    ("Shape", [floats(2, 3, 4)], {"start": 1}),
    ("Shape", [floats(2, 3, 4)], {"start": -2, "end": -1}),
    ("Reshape", [floats(2, 3, 4), ints(0, -1)], {}),
    ("Reshape", [floats(2, 0, 4), ints(0, 8)], {"allowzero": 1}),
    ("Reshape", [floats(2, 3, 4), ints(4, 3, 2)], {"allowzero": 1}),
    ("Expand", [floats(3, 1), ints(2, 1, 4)], {}),
    ("Transpose", [floats(2, 3, 4)], {"perm": [2, 0, 1]}),
    ("Transpose", [floats(2, 3, 4)], {}),
    ("Unsqueeze", [floats(2, 3), ints(0, -1)], {}),
    ("Squeeze", [floats(1, 2, 1), ints(0, -1)], {}),
    ("Squeeze", [floats(1, 2, 1)], {}),
    ("Concat", [floats(2, 3), floats(2, 4)], {"axis": -1}),
    ("Slice", [floats(5, 6), ints(1), ints(2**63 - 1), ints(1), ints(2)], {}),
    ("Slice", [floats(5, 6), ints(-1, -2), ints(-(2**63), -9), ints(0, 1), ints(-1, -3)], {}),
    ("Slice", [floats(5, 6), ints(4), ints(2)], {}),
    ("Gather", [floats(5, 6), np.array([[1, 2, 3]], I64)], {"axis": 1}),
    ("Gather", [floats(5, 6), single(2)], {"axis": 0}),
    ("GatherElements", [floats(5, 6), np.zeros((5, 2), I64)], {"axis": 1}),
    ("Pad", [floats(5, 6), ints(1, -2, 0, 3)], {"mode": "constant"}),
    ("ReduceSum", [floats(2, 3, 4), ints(1)], {"keepdims": 0}),
    ("ReduceSum", [floats(2, 3, 4)], {"noop_with_empty_axes": 1}),
    ("ReduceMax", [floats(2, 3, 4), ints(-1, 0)], {}),
    ("ReduceMean", [floats(2, 3, 4)], {}),
]
SPLITS: list[Case] = [
    ("Split", [floats(2, 7)], {"axis": 1, "num_outputs": 3}),
    ("Split", [floats(2, 7), ints(1, 2, 4)], {"axis": -1}),
]


def told(case: Case, outputs: int) -> list[Value]:
    operator, arrays, attributes = case
    made = helper.make_node(operator, [], [f"y{k}" for k in range(outputs)], **attributes)
    node = scan_onnx(*_model(made)).graph.nodes[0]
    kinds = [helper.np_dtype_to_tensor_dtype(array.dtype) for array in arrays]
    values = [
        tensor(kind, array.shape, array.ravel().tolist() if array.dtype.kind == "i" else None)
        for kind, array in zip(kinds, arrays, strict=True)
    ]
    return RULES[operator](node, values)


def _model(node: Any) -> tuple[io.BytesIO, int]:
    data = helper.make_model(helper.make_graph([node], "g", [], [])).SerializeToString()
    return io.BytesIO(data), len(data)


def made(case: Case, outputs: int) -> list[np.ndarray]:
    operator, arrays, attributes = case
    names = [f"x{k}" for k in range(len(arrays))]
    results = [f"y{k}" for k in range(outputs)]
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node(operator, names, results, **attributes)],
            "g",
            [],
            [onnx.ValueInfoProto(name=name) for name in results],
            [numpy_helper.from_array(a, name) for a, name in zip(arrays, names, strict=True)],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=8,
    )
    options = SessionOptions(provider="cpu", threads=1)
    return run_session(open_session_from_bytes(model.SerializeToString(), options), results, {})


@pytest.mark.parametrize("case", [*CASES, *SPLITS], ids=lambda case: case[0])
def test_a_rule_tells_what_onnxruntime_makes(case: Case) -> None:
    outputs = 3 if case in SPLITS else 1
    for value, array in zip(told(case, outputs), made(case, outputs), strict=True):
        assert value.shape == array.shape
        assert value.kind == helper.np_dtype_to_tensor_dtype(array.dtype)
        if value.content is not None:
            assert list(value.content) == array.ravel().tolist()


def test_every_operator_has_a_rule() -> None:
    assert set(RULES) == OPERATORS - {"Scan", "Constant"}


@pytest.mark.parametrize(
    "case",
    [
        ("Add", [floats(2), floats(3)], {}),
        ("MatMul", [floats(2, 3), floats(4, 5)], {}),
        ("MatMul", [floats(3), floats(3)], {}),
        ("Reshape", [floats(2, 3), ints(4, -1)], {}),
        ("Reshape", [floats(2, 3), ints(-1, -1)], {}),
        ("Reshape", [floats(2, 3), ints(0, 0, 0)], {}),
        ("Reshape", [floats(0, 3), ints(0, -1)], {"allowzero": 1}),
        ("Reshape", [floats(2, 3), floats(2)], {}),
        ("Expand", [floats(1), ints(2**40)], {}),
        ("Expand", [floats(1), ints(-2)], {}),
        ("Transpose", [floats(2, 3)], {"perm": [0, 0]}),
        ("Squeeze", [floats(2, 3), ints(0)], {}),
        ("Unsqueeze", [floats(2, 3), ints(0, 0)], {}),
        ("Concat", [floats(2, 3), floats(3, 3)], {"axis": 1}),
        ("Concat", [floats(2, 3)], {}),
        ("Slice", [floats(5), ints(0), ints(1), ints(0), ints(0)], {}),
        ("Slice", [floats(5), ints(0, 0), ints(1, 1), ints(0, 0)], {}),
        ("Gather", [floats(5), ints(0)], {"axis": 3}),
        ("Gather", [ints(1, 2), ints(7)], {}),
        ("GatherElements", [floats(5, 6), np.zeros((6, 2), I64)], {"axis": 1}),
        ("Pad", [floats(5), ints(-3, -3)], {}),
        ("Pad", [floats(5), ints(1)], {}),
        ("Pad", [floats(5), ints(1, 1)], {"mode": "reflect"}),
        ("Range", [single(0), single(5), single(0)], {}),
        ("Range", [np.array(0, F32), np.array(5, F32), np.array(1, F32)], {}),
        ("Cast", [floats(2)], {"to": onnx.TensorProto.STRING}),
        ("Conv", [floats(1, 2, 5, 5), floats(3, 0, 3, 3)], {}),
        ("Conv", [floats(1, 2, 5, 5), floats(3, 2, 3, 3)], {"auto_pad": "SAME_UPPER"}),
        ("Conv", [floats(1, 2, 5, 5), floats(3, 2, 3, 3)], {"dilations": [0, 1]}),
        ("Add", [ints(2**63 - 1), ints(1)], {}),
        ("Add", [], {}),
    ],
    ids=lambda case: case[0],
)
def test_what_cannot_be_is_refused(case: Case) -> None:
    with pytest.raises(UnboundedError):
        told(case, 1)
