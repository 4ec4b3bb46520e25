"""A small scan of an ONNX file's protobuf, enough to judge it before onnxruntime sees it.

Reads the wire format (protobuf.dev/programming-guides/encoding) by the field numbers of onnx.proto.
Weights are skipped, not read, so even a large file is scanned in milliseconds and constant memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from distill_runtime.errors import ArtifactError

_MAX_MESSAGE_BYTES = 16 * 2**20  # of a node, a value or a metadata entry; weights may be larger
_MAX_FIELDS = 200_000
_MAX_DEPTH = 8  # of graphs within the attributes of nodes

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_TAG = 2**32  # protobuf cuts off the bits above, which would hide a field from this scan
_EXTERNAL = 1  # TensorProto.DataLocation


@dataclass(frozen=True)
class TensorType:
    """A graph input or output: its element type (TensorProto.DataType) and dimensions."""

    element_type: int
    shape: tuple[int | None, ...]  # None: dynamic


@dataclass
class OnnxSummary:
    """What a scan found."""

    ir_version: int = 0
    opsets: dict[str, int] = field(default_factory=dict)  # domain -> version
    inputs: dict[str, TensorType | None] = field(default_factory=dict)  # None: not a tensor
    outputs: dict[str, TensorType | None] = field(default_factory=dict)
    operators: set[tuple[str, str]] = field(default_factory=set)  # domain, operator
    metadata: dict[str, str] = field(default_factory=dict)
    initializers: dict[str, tuple[int, int]] = field(default_factory=dict)  # name -> offset, length
    empty: set[str] = field(default_factory=set)  # tensors, at any depth, that hold nothing
    computed: set[str] = field(default_factory=set)  # what nodes return, and sparse tensors
    # What each QLinearConv takes, in order, and how deep in graphs within graphs it stands.
    byte_convs: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    graphs: int = 0
    functions: int = 0
    training: int = 0
    external_data: bool = False


def scan_onnx(file: BinaryIO, size: int) -> OnnxSummary:
    """Scan an ONNX model.

    Args:
        file: Seekable, at any position.
        size: Length of the file in bytes.

    Raises:
        ArtifactError: It is no well-formed ONNX model.
    """
    budget = _Budget(_MAX_FIELDS)
    summary = OnnxSummary()
    for number, value in _fields(file, 0, size, budget):
        match number, value:
            case 1, int():
                summary.ir_version = value
            case 7, _Span():
                summary.graphs += 1
                _scan_graph(file, value, summary, budget, depth=0)
            case 8, _Span():
                domain, version = _scan_opset(*_load(file, value), budget)
                summary.opsets[domain] = max(version, summary.opsets.get(domain, 0))
            case 14, _Span():
                key, text = _scan_entry(*_load(file, value), budget)
                summary.metadata[key] = text
            case 20, _Span():
                summary.training += 1
            case 25, _Span():
                summary.functions += 1
            case (2 | 3 | 4 | 6, _Span()) | (5, int()) | (26, _Span()):
                pass  # producer, its version, domain, description, model version, devices
            case _:
                raise ArtifactError("it is not an ONNX model")
    if not summary.graphs or not summary.ir_version:
        raise ArtifactError("it is not an ONNX model")
    return summary


def hash_weights(file: BinaryIO, summary: OnnxSummary) -> str:
    """Return the SHA-256 of all weights: each serialised TensorProto, in the order of their names.

    Each is preceded by its length as 8 bytes, little-endian.
    """
    digest = hashlib.sha256()
    for name in sorted(summary.initializers):
        offset, length = summary.initializers[name]
        digest.update(length.to_bytes(8, "little"))
        file.seek(offset)
        while length:
            block = file.read(min(length, 2**20))
            if not block:
                raise _truncated()
            digest.update(block)
            length -= len(block)
    return digest.hexdigest()


@dataclass(frozen=True)
class _Span:
    """A length-delimited field's place."""

    offset: int
    length: int


class _Budget:
    """Counts fields down, so that a small hostile file cannot keep the scan busy for long."""

    def __init__(self, fields: int) -> None:
        self._left = fields

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise ArtifactError("its graph is too large")


def _truncated() -> ArtifactError:
    return ArtifactError("it is no ONNX model, or it is truncated or damaged")


def _read_varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise _truncated()
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value & (2**64 - 1)
    raise _truncated()


def _fields(
    file: BinaryIO, offset: int, end: int, budget: _Budget
) -> Iterator[tuple[int, int | _Span | None]]:
    """Yield each field's number and its value: an integer, the place of its bytes, or None.

    None stands for a fixed-width number. Nothing that is read here is one, and protobuf ignores a
    field of another wire type than it expects, so such a field must not pass for a text.
    """
    while offset < end:
        budget.spend()
        file.seek(offset)
        tag = _read_varint(file)
        number, wire_type = divmod(tag, 8)
        value: int | _Span | None
        if wire_type == _VARINT:
            value = _read_varint(file)
            offset = file.tell()
        elif wire_type in (_FIXED64, _FIXED32):
            value = None
            offset = file.tell() + (8 if wire_type == _FIXED64 else 4)
        elif wire_type == _BYTES:
            length = _read_varint(file)
            value = _Span(file.tell(), length)
            offset = file.tell() + length
        else:
            raise _truncated()
        if offset > end or not number or tag >= _MAX_TAG:
            raise _truncated()
        yield number, value


def _read(file: BinaryIO, span: _Span) -> bytes:
    if span.length > _MAX_MESSAGE_BYTES:
        raise ArtifactError("its graph is too large")
    file.seek(span.offset)
    data = file.read(span.length)
    if len(data) != span.length:
        raise _truncated()
    return data


def _load(file: BinaryIO, span: _Span) -> tuple[BinaryIO, int]:
    """Return a small message as a file of its own, and its size."""
    return BytesIO(_read(file, span)), span.length


def _text(file: BinaryIO, value: int | _Span | None) -> str:
    if not isinstance(value, _Span):
        raise _truncated()
    try:
        return _read(file, value).decode()
    except UnicodeDecodeError:
        raise _truncated() from None


def _scan_opset(file: BinaryIO, size: int, budget: _Budget) -> tuple[str, int]:
    domain, version = "", 0
    for number, value in _fields(file, 0, size, budget):
        if number == 1:
            domain = _text(file, value)
        elif number == 2 and isinstance(value, int):
            version = value
    return domain, version


def _scan_entry(file: BinaryIO, size: int, budget: _Budget) -> tuple[str, str]:
    key = text = ""
    for number, value in _fields(file, 0, size, budget):
        if number == 1:
            key = _text(file, value)
        elif number == 2:
            text = _text(file, value)
    return key, text


def _scan_graph(
    file: BinaryIO, span: _Span, summary: OnnxSummary, budget: _Budget, *, depth: int
) -> None:
    if depth > _MAX_DEPTH:
        raise ArtifactError("its graph is nested too deeply")
    for number, value in _fields(file, span.offset, span.offset + span.length, budget):
        if not isinstance(value, _Span):
            continue
        if number == 1:
            _scan_node(*_load(file, value), summary, budget, depth=depth)
        elif number == 5:
            name = _scan_tensor(file, value, summary, budget)
            if depth == 0:
                summary.initializers[name] = (value.offset, value.length)
        elif number == 15:  # two tensors, values and indices
            for inner, part in _fields(file, value.offset, value.offset + value.length, budget):
                if inner in (1, 2) and isinstance(part, _Span):
                    # What it holds, its own dimensions say, which are not read here.
                    summary.computed.add(_scan_tensor(file, part, summary, budget))
        elif number in (11, 12) and depth == 0:
            name, tensor_type = _scan_value(*_load(file, value), budget)
            (summary.inputs if number == 11 else summary.outputs)[name] = tensor_type


def _scan_node(
    file: BinaryIO, size: int, summary: OnnxSummary, budget: _Budget, *, depth: int
) -> None:
    domain = operator = ""
    inputs: list[str] = []
    for number, value in _fields(file, 0, size, budget):
        if number == 1:
            inputs.append(_text(file, value))
        elif number == 2:
            summary.computed.add(_text(file, value))
        elif number == 4:
            operator = _text(file, value)
        elif number == 7:
            domain = _text(file, value)
        elif number == 5 and isinstance(value, _Span):
            _scan_attribute(file, value, summary, budget, depth=depth)
    summary.operators.add(("" if domain == "ai.onnx" else domain, operator))
    if operator == "QLinearConv":
        summary.byte_convs.append((depth, tuple(inputs)))


def _scan_attribute(
    file: BinaryIO, span: _Span, summary: OnnxSummary, budget: _Budget, *, depth: int
) -> None:
    for number, value in _fields(file, span.offset, span.offset + span.length, budget):
        if not isinstance(value, _Span):
            continue
        if number in (5, 10):
            _scan_tensor(file, value, summary, budget)
        elif number in (6, 11):
            _scan_graph(file, value, summary, budget, depth=depth + 1)
        elif number in (22, 23):
            for inner, part in _fields(file, value.offset, value.offset + value.length, budget):
                if inner in (1, 2) and isinstance(part, _Span):
                    _scan_tensor(file, part, summary, budget)


def _scan_tensor(file: BinaryIO, span: _Span, summary: OnnxSummary, budget: _Budget) -> str:
    name, is_empty = "", False
    for number, value in _fields(file, span.offset, span.offset + span.length, budget):
        if number == 1:
            is_empty |= 0 in _dimensions(file, value)
        elif number == 8:
            name = _text(file, value)
        elif number == 13 or (number == 14 and value == _EXTERNAL):
            summary.external_data = True
    if is_empty:
        summary.empty.add(name)
    return name


def _dimensions(file: BinaryIO, value: int | _Span | None) -> list[int]:
    """Return the numbers of a repeated field, which protobuf takes one by one or packed."""
    if isinstance(value, int):
        return [value]
    if value is None:
        raise _truncated()
    data, size = _load(file, value)
    numbers = []
    while data.tell() < size:
        numbers.append(_read_varint(data))
    return numbers


def _scan_value(file: BinaryIO, size: int, budget: _Budget) -> tuple[str, TensorType | None]:
    name, tensor_type = "", None
    for number, value in _fields(file, 0, size, budget):
        if number == 1:
            name = _text(file, value)
        elif number == 2 and isinstance(value, _Span):
            for kind, tensor in _fields(file, value.offset, value.offset + value.length, budget):
                if kind == 1 and isinstance(tensor, _Span):
                    tensor_type = _scan_tensor_type(file, tensor, budget)
    return name, tensor_type


def _scan_tensor_type(file: BinaryIO, span: _Span, budget: _Budget) -> TensorType:
    element_type = 0
    shape: list[int | None] = []
    for number, value in _fields(file, span.offset, span.offset + span.length, budget):
        if number == 1 and isinstance(value, int):
            element_type = value
        elif number == 2 and isinstance(value, _Span):
            for inner, dimension in _fields(
                file, value.offset, value.offset + value.length, budget
            ):
                if inner == 1 and isinstance(dimension, _Span):
                    shape.append(_scan_dimension(file, dimension, budget))
    return TensorType(element_type, tuple(shape))


def _scan_dimension(file: BinaryIO, span: _Span, budget: _Budget) -> int | None:
    length: int | None = None
    for number, value in _fields(file, span.offset, span.offset + span.length, budget):
        if number == 1 and isinstance(value, int):
            length = value
    return length
