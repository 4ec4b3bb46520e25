"""Reading a graph from protobuf, by onnx.proto's field numbers.

Nothing is judged here but the wire format. What is in the file and is no part of an `OnnxGraph` is
noted as surplus, so that who wants to know all of a graph can tell that there is more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from distill_runtime.artifact.scan.onnx_graph import Attribute, Node, OnnxGraph, Tensor, TensorType
from distill_runtime.artifact.scan.protobuf import (
    Budget,
    FileValue,
    Fixed,
    Span,
    damaged,
    integers,
    load,
    read_fields,
    read_file_fields,
    signed,
    text,
)
from distill_runtime.errors import ArtifactError

_MAX_DEPTH = 8  # of graphs within the attributes of nodes
_INT32 = range(-(2**31), 2**31)
_EXTERNAL = 1  # TensorProto.DataLocation


class GraphReader:
    """Reads one model's graphs, and notes where its tensors lie and what points out of the file."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._file, self._budget = file, budget
        self._attributes: dict[bytes, Attribute] = {}
        self.external_data = False
        self.operators: set[tuple[str, str]] = set()  # domain, operator

    def graph(self, value: bytes | Span, *, depth: int = 0) -> OnnxGraph:
        """Read a graph.

        Raises:
            ArtifactError: It is not one, or it is too large or nested too deeply.
        """
        if depth > _MAX_DEPTH:
            raise ArtifactError("its graph is nested too deeply")
        graph = OnnxGraph()
        for number, part, offset in self._fields(value):
            if number == 1:
                graph.nodes.append(self._node(load(self._file, part), depth))
            elif number == 5 and isinstance(part, bytes | Span):
                tensor = self._tensor(part)
                tensor.offset = offset
                graph.is_ambiguous |= tensor.name in graph.initializers
                graph.initializers[tensor.name] = tensor
            elif number in (11, 12) and isinstance(part, bytes | Span):
                name, tensor_type = self._value(load(self._file, part))
                values = graph.inputs if number == 11 else graph.outputs
                graph.is_ambiguous |= name in values
                values[name] = tensor_type
            elif number == 15 and isinstance(part, bytes | Span):
                graph.surplus = True
                graph.sparse += self._parts_of_sparse(part)
            elif number != 2:  # its name, which says nothing
                graph.surplus = True
        return graph

    def _fields(self, value: bytes | Span) -> Iterable[tuple[int, FileValue, int]]:
        if isinstance(value, Span):
            return read_file_fields(self._file, value, self._budget)
        return [(number, part, 0) for number, part in read_fields(value, self._budget)]

    def _node(self, data: bytes, depth: int) -> Node:
        node = Node()
        for number, value in read_fields(data, self._budget):
            if number == 1:
                node.inputs.append(text(value))
            elif number == 2:
                node.outputs.append(text(value))
            elif number == 4:
                node.surplus |= bool(node.operator)
                node.operator = text(value)
            elif number == 5 and isinstance(value, bytes):
                node.attributes.append(self._attribute(value, depth))
            elif number == 7:
                node.surplus |= bool(node.domain)
                node.domain = text(value)
            elif number != 3:  # its name, which says nothing
                node.surplus = True
        if node.domain == "ai.onnx":
            node.domain = ""
        self.operators.add((node.domain, node.operator))
        return node

    def _attribute(self, data: bytes, depth: int) -> Attribute:
        known = self._attributes.get(data)
        if known is None:
            known = self._read_attribute(data, depth)
            if not isinstance(known.value, OnnxGraph | Tensor):
                self._attributes[data] = known
        return known

    def _read_attribute(self, data: bytes, depth: int) -> Attribute:
        attribute, repeated = Attribute(), list[int | bytes]()
        declared = 0
        for number, value in read_fields(data, self._budget):
            kind = _KINDS.get(number)
            if number == 1:
                attribute.surplus |= bool(attribute.name)
                attribute.name = text(value)
            elif number == 20 and isinstance(value, int):
                attribute.surplus |= bool(declared)
                declared = value
            elif kind is None:
                attribute.surplus = True
                if number in (22, 23) and isinstance(value, bytes):
                    attribute.kind = "sparse"
                    self._parts_of_sparse(value)
            else:
                attribute.surplus |= attribute.kind not in ("", kind if kind in _REPEATED else "")
                attribute.kind = kind
                if kind in _REPEATED:
                    repeated += self._elements(kind, value, depth)
                else:
                    attribute.value = self._element(kind, value, depth)
        if attribute.kind in _REPEATED:
            attribute.value = tuple(repeated)
        attribute.surplus |= declared != _DECLARED.get(attribute.kind)
        return attribute

    def _element(self, kind: str, value: FileValue, depth: int) -> int | bytes | Tensor | OnnxGraph:
        if kind == "i" and isinstance(value, int):
            return signed(value)
        if kind == "f" and isinstance(value, Fixed) and len(value.data) == 4:
            return value.data
        if kind == "s" and isinstance(value, bytes):
            return value
        if kind == "t" and isinstance(value, bytes):
            return self._tensor(value)
        if kind == "g" and isinstance(value, bytes):
            return self.graph(value, depth=depth + 1)
        raise damaged()

    def _elements(self, kind: str, value: FileValue, depth: int) -> list[int | bytes]:
        if kind == "ints":
            return list(integers(value, self._budget))
        if kind == "strings" and isinstance(value, bytes):
            return [value]
        if kind == "floats" and isinstance(value, Fixed):
            return [value.data]
        if kind == "floats" and isinstance(value, bytes):  # packed
            return [value]
        if kind == "tensors" and isinstance(value, bytes):
            self._tensor(value)
            return []
        if kind == "graphs" and isinstance(value, bytes):
            self.graph(value, depth=depth + 1)
            return []
        raise damaged()

    def _parts_of_sparse(self, value: bytes | Span) -> list[Tensor]:
        """Return the tensors of a sparse one: its values and its indices."""
        return [
            self._tensor(part)
            for number, part, _ in self._fields(value)
            if number in (1, 2) and isinstance(part, bytes | Span)
        ]

    def _tensor(self, value: bytes | Span) -> Tensor:
        tensor = Tensor(length=value.length if isinstance(value, Span) else len(value))
        dims: list[int] = []
        for number, part, _ in self._fields(value):
            if number == 1:
                dims += integers(part, self._budget)
            elif number == 2 and isinstance(part, int):
                tensor.surplus |= bool(tensor.element_type)
                tensor.element_type = _int32(part)
            elif number in (5, 7):
                tensor.surplus = True
                tensor.numbers = (tensor.numbers or []) + self._integers_of_tensor(part)
            elif number == 8:
                tensor.surplus |= bool(tensor.name)
                tensor.name = text(part)
            elif number == 9 and isinstance(part, bytes | Span):
                tensor.surplus |= tensor.raw is not None
                tensor.raw = part
            else:
                tensor.surplus = True
                self.external_data |= number == 13 or (number == 14 and part == _EXTERNAL)
        if any(length < 0 for length in dims):
            raise damaged()
        tensor.dims = tuple(dims)
        return tensor

    def _integers_of_tensor(self, part: FileValue) -> list[int]:
        """Return the numbers of a tensor that are not raw; of a large one none, it is no shape."""
        return [] if isinstance(part, Span) else integers(part, self._budget)

    def _value(self, data: bytes) -> tuple[str, TensorType | None]:
        name, tensor_type = "", None
        for number, value in read_fields(data, self._budget):
            if number == 1:
                name = text(value)
            elif number == 2 and isinstance(value, bytes):
                for kind, tensor in read_fields(value, self._budget):
                    if kind == 1 and isinstance(tensor, bytes):
                        if tensor_type is not None:
                            raise damaged()  # protobuf would make one of the two
                        tensor_type = self._tensor_type(tensor)
        return name, tensor_type

    def _tensor_type(self, data: bytes) -> TensorType:
        element_type, shape, letters = 0, list[int | None](), list[str]()
        for number, value in read_fields(data, self._budget):
            if number == 1 and isinstance(value, int):
                element_type = _int32(value)
            elif number == 2 and isinstance(value, bytes):
                for inner, dimension in read_fields(value, self._budget):
                    if inner == 1 and isinstance(dimension, bytes):
                        length, letter = self._dimension(dimension)
                        shape.append(length)
                        letters.append(letter)
        return TensorType(element_type, tuple(shape), tuple(letters))

    def _dimension(self, data: bytes) -> tuple[int | None, str]:
        length, letter = None, ""
        for number, value in read_fields(data, self._budget):
            if number == 1 and isinstance(value, int):
                length = signed(value)
            elif number == 2:
                letter = text(value)
        return length, letter


# AttributeProto's fields that hold a value, and its AttributeType of each.
_KINDS = {
    2: "f",
    3: "i",
    4: "s",
    5: "t",
    6: "g",
    7: "floats",
    8: "ints",
    9: "strings",
    10: "tensors",
    11: "graphs",
}
_DECLARED = {kind: number for number, kind in enumerate(_KINDS.values(), start=1)}
_REPEATED = frozenset(("floats", "ints", "strings", "tensors", "graphs"))


def _int32(value: int) -> int:
    """Return a number of 32 bits: protobuf cuts off what is above them."""
    number = signed(value)
    if number not in _INT32:
        raise damaged()
    return number
