"""What each operator makes of its inputs' sizes, as the ONNX operator specification says.

A rule takes what is known of the inputs and returns what is known of the outputs. What onnxruntime
would refuse may pass; what would take a size from data that are not known, or has a setting that it
does not check, does not.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from distill_runtime.artifact.scan.onnx_graph import (
    BOOL,
    DOUBLE,
    FLOAT,
    FLOAT16,
    INT32,
    INT64,
    ITEM_BYTES,
    UINT8,
    Node,
)

MAX_CONTENT = 64  # integers of a tensor that are followed: a shape has fewer
_MAX_LENGTH = 2**28  # of a dimension; without elements, too
_INT64 = range(-(2**63), 2**63)


class UnboundedError(Exception):
    """What an operator makes cannot be told, or would be too large."""


class Value(NamedTuple):
    """What is known of a tensor."""

    kind: int  # TensorProto.DataType
    shape: tuple[int, ...]
    content: tuple[int, ...] | None = None  # its integers, if they are few and known

    @property
    def size(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """How much memory it takes."""
        return self.size * ITEM_BYTES[self.kind]


Inputs = Sequence[Value | None]
Rule = Callable[[Node, Inputs], list[Value]]
RULES: dict[str, Rule] = {}


def tensor(kind: int, shape: Sequence[int], content: Sequence[int] | None = None) -> Value:
    """Return a value, if it is one.

    Raises:
        UnboundedError: A length is negative or enormous, or a number is beyond 64 bits.
    """
    if kind not in ITEM_BYTES:
        raise UnboundedError("of another type than numbers and truth values")
    if any(not 0 <= length <= _MAX_LENGTH for length in shape):
        raise UnboundedError("of an impossible size")
    if content is not None and any(number not in _INT64 for number in content):
        raise UnboundedError("of numbers beyond 64 bits")
    known = None if content is None or len(content) > MAX_CONTENT else tuple(content)
    return Value(kind, tuple(shape), known)


def work(node: Node, inputs: Inputs, outputs: Sequence[Value]) -> int:
    """Return how many multiplications and elements a node takes."""
    elements = sum(value.size for value in (*outputs, *inputs) if value is not None)
    size = outputs[0].size if outputs else 0
    if node.operator in ("MatMul", "MatMulInteger", "Gemm"):
        along = 0 if node.operator == "Gemm" and integer(node, "transA", 0) else -1
        return elements + size * needed(inputs, 0).shape[along]
    if node.operator in ("Conv", "QLinearConv"):
        weight = needed(inputs, 1 if node.operator == "Conv" else 3)
        return elements + size * math.prod(weight.shape[1:])
    return elements


def needed(inputs: Inputs, index: int) -> Value:
    """Return an input that must be there."""
    value = inputs[index] if index < len(inputs) else None
    if value is None:
        raise UnboundedError("without an input")
    return value


def numbers(inputs: Inputs, index: int) -> tuple[int, ...]:
    """Return an input's integers, which must be known."""
    content = needed(inputs, index).content
    if content is None:
        raise UnboundedError("sized by data")
    return content


def integer(node: Node, name: str, default: int | None = None) -> int:
    """Return an integer attribute."""
    attribute = node.attribute(name)
    value = default if attribute is None else attribute.value
    if not isinstance(value, int):
        raise UnboundedError(f"without {name}")
    return value


def integers(node: Node, name: str, default: Sequence[int]) -> list[int]:
    """Return an attribute of integers."""
    attribute = node.attribute(name)
    if attribute is None:
        return list(default)
    if not isinstance(attribute.value, tuple):
        raise UnboundedError(f"without {name}")
    return [number for number in attribute.value if isinstance(number, int)]


def axis_of(axis: int, rank: int) -> int:
    """Return an axis counted from the first."""
    if not -rank <= axis < rank:
        raise UnboundedError("along an axis that is not there")
    return axis % rank


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that shapes make together."""
    rank = max(map(len, shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    joined = []
    for lengths in zip(*padded, strict=True):
        other = {length for length in lengths if length != 1} or {1}
        if len(other) > 1:
            raise UnboundedError("of sizes that do not fit")
        joined.append(other.pop())
    return tuple(joined)


def rule(*operators: str) -> Callable[[Rule], Rule]:
    """Register what operators do."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(operators, function))
        return function

    return register


@rule(
    *("Abs", "Cos", "CumSum", "Clip", "Exp", "Floor", "Log", "Neg", "Not", "Reciprocal", "Relu"),
    *("Round", "Sigmoid", "Sign", "Sin", "Softplus", "Sqrt", "Tanh"),
)
def _same(node: Node, inputs: Inputs) -> list[Value]:
    first = needed(inputs, 0)
    return [tensor(first.kind, first.shape)]


@rule("Identity")
def _identity(node: Node, inputs: Inputs) -> list[Value]:
    return [needed(inputs, 0)]


@rule("Cast")
def _cast(node: Node, inputs: Inputs) -> list[Value]:
    first, kind = needed(inputs, 0), integer(node, "to")
    wide = kind in (INT64, FLOAT, DOUBLE)
    return [tensor(kind, first.shape, first.content if wide else None)]


_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "Max": max,
    "Min": min,
}


@rule("Add", "Sub", "Mul", "Div", "Mod", "Pow", "Max", "Min", "Sum")
def _arithmetic(node: Node, inputs: Inputs) -> list[Value]:
    values = [needed(inputs, index) for index in range(len(inputs))]
    kind, shape = needed(values, 0).kind, broadcast(*(value.shape for value in values))
    # onnxruntime divides as the processor does, which stops at 0, and at the smallest by -1.
    is_divided = node.operator in ("Div", "Mod") and kind not in (FLOAT, DOUBLE, FLOAT16)
    if is_divided and not all(number > 0 for number in numbers(inputs, 1)):
        raise UnboundedError("of integers by what may be 0 or -1")
    content = None
    combine = _ARITHMETIC.get(node.operator)
    if combine is not None and kind in (INT64, INT32) and len(values) == 2:
        content = _combined(combine, values[0], values[1], math.prod(shape))
    return [tensor(kind, shape, content)]


def _combined(
    combine: Callable[[int, int], int], first: Value, second: Value, size: int
) -> list[int] | None:
    """Return the integers of a result, of inputs that have one or as many."""
    if first.content is None or second.content is None:
        return None
    if {len(first.content), len(second.content)} <= {1, size} and size <= MAX_CONTENT:
        pairs = zip(itertools.cycle(first.content), itertools.cycle(second.content), strict=False)
        return [combine(a, b) for a, b in itertools.islice(pairs, size)]
    return None


@rule("And", "Or", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")
def _truth(node: Node, inputs: Inputs) -> list[Value]:
    return [tensor(BOOL, broadcast(needed(inputs, 0).shape, needed(inputs, 1).shape))]


@rule("Where")
def _where(node: Node, inputs: Inputs) -> list[Value]:
    shapes = [needed(inputs, index).shape for index in range(3)]
    return [tensor(needed(inputs, 1).kind, broadcast(*shapes))]


@rule("MatMul", "MatMulInteger")
def _matmul(node: Node, inputs: Inputs) -> list[Value]:
    first, second = needed(inputs, 0), needed(inputs, 1)
    if len(first.shape) < 2 or len(second.shape) < 2 or first.shape[-1] != second.shape[-2]:
        raise UnboundedError("of sizes that do not fit")
    kind = INT32 if node.operator == "MatMulInteger" else first.kind
    outer = broadcast(first.shape[:-2], second.shape[:-2])
    return [tensor(kind, (*outer, first.shape[-2], second.shape[-1]))]


@rule("Gemm")
def _gemm(node: Node, inputs: Inputs) -> list[Value]:
    sides = []
    for index, name in enumerate(("transA", "transB")):
        shape = needed(inputs, index).shape
        if len(shape) != 2:
            raise UnboundedError("of sizes that do not fit")
        sides.append(shape[::-1] if integer(node, name, 0) else shape)
    if sides[0][1] != sides[1][0]:
        raise UnboundedError("of sizes that do not fit")
    return [tensor(needed(inputs, 0).kind, (sides[0][0], sides[1][1]))]


@rule("Conv", "QLinearConv")
def _conv(node: Node, inputs: Inputs) -> list[Value]:
    is_float = node.operator == "Conv"
    image, weight = needed(inputs, 0), needed(inputs, 1 if is_float else 3)
    rank = len(image.shape) - 2
    if rank < 1 or len(weight.shape) != rank + 2 or 0 in weight.shape:
        raise UnboundedError("of sizes that do not fit")
    pads = integers(node, "pads", [0] * 2 * rank)
    strides, dilations = (integers(node, name, [1] * rank) for name in ("strides", "dilations"))
    kernel = integers(node, "kernel_shape", weight.shape[2:])
    group, padding = integer(node, "group", 1), node.attribute("auto_pad")
    if (
        [len(pads), len(strides), len(dilations)] != [2 * rank, rank, rank]
        or tuple(kernel) != weight.shape[2:]
        or min(pads) < 0
        or min(*strides, *dilations, group) < 1
        or image.shape[1] != weight.shape[1] * group
        or weight.shape[0] % group
        or (padding is not None and padding.value != b"NOTSET")
    ):
        raise UnboundedError("with settings that do not fit")
    lengths = []
    for axis, length in enumerate(image.shape[2:]):
        reach = dilations[axis] * (kernel[axis] - 1) + 1
        lengths.append((length + pads[axis] + pads[axis + rank] - reach) // strides[axis] + 1)
    kind = image.kind if is_float else UINT8
    return [tensor(kind, (image.shape[0], weight.shape[0], *lengths))]


@rule("QuantizeLinear")
def _quantize(node: Node, inputs: Inputs) -> list[Value]:
    zero = inputs[2] if len(inputs) > 2 else None
    return [tensor(UINT8 if zero is None else zero.kind, needed(inputs, 0).shape)]


@rule("Range")
def _range(node: Node, inputs: Inputs) -> list[Value]:
    start, limit, step = (numbers(inputs, index) for index in range(3))
    kind = needed(inputs, 0).kind
    is_single = len(start) == len(limit) == len(step) == 1
    if not is_single or not step[0] or kind not in (INT64, INT32):
        raise UnboundedError("of no certain length")
    places = range(start[0], limit[0], step[0])
    return [tensor(kind, (len(places),), places if len(places) <= MAX_CONTENT else None)]
