"""An ONNX graph as a file has it: nodes, attributes, tensors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from distill_runtime.artifact.scan.protobuf import Span, load

# TensorProto.DataType, of the types that an artifact may hold.
FLOAT, UINT8, INT8, INT32, INT64, BOOL, FLOAT16, DOUBLE = 1, 2, 3, 6, 7, 9, 10, 11
ITEM_BYTES = {FLOAT: 4, UINT8: 1, INT8: 1, INT32: 4, INT64: 8, BOOL: 1, FLOAT16: 2, DOUBLE: 8}


@dataclass(frozen=True)
class TensorType:
    """A graph input or output: its element type (TensorProto.DataType) and dimensions."""

    element_type: int
    shape: tuple[int | None, ...]  # None: dynamic
    letters: tuple[str, ...] = field(default=(), compare=False)  # of each dimension, or ""


@dataclass
class Tensor:
    """A constant of the file."""

    name: str = ""
    element_type: int = 0
    dims: tuple[int, ...] = ()
    raw: bytes | Span | None = None  # little-endian; None: held in another way, or not at all
    numbers: list[int] | None = None  # of fields for integers, where `raw` is None
    offset: int = 0  # of the whole message in the file; of a tensor within a node, 0
    length: int = 0  # of the whole message, in bytes
    surplus: bool = False

    @property
    def size(self) -> int:
        """How many elements the dimensions make."""
        size = 1
        for length in self.dims:
            size *= length
        return size

    @property
    def raw_length(self) -> int:
        """How many bytes `raw` holds."""
        return self.raw.length if isinstance(self.raw, Span) else len(self.raw or b"")

    def data(self, file: BinaryIO) -> bytes:
        """Return the bytes of `raw`, which may have to be read."""
        return b"" if self.raw is None else load(file, self.raw)


@dataclass
class Attribute:
    """A node's setting. Its value is of one kind, which `kind` names (AttributeProto's fields)."""

    name: str = ""
    kind: str = ""
    value: int | bytes | Tensor | OnnxGraph | tuple[int | bytes, ...] = 0
    surplus: bool = False


@dataclass
class Node:
    """An operator at work."""

    operator: str = ""
    domain: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    surplus: bool = False

    def attribute(self, name: str) -> Attribute | None:
        """Return an attribute by its name; the last, if there are several."""
        return next((a for a in reversed(self.attributes) if a.name == name), None)


@dataclass
class OnnxGraph:
    """Nodes in the file's order, and what they work on."""

    nodes: list[Node] = field(default_factory=list)
    initializers: dict[str, Tensor] = field(default_factory=dict)
    inputs: dict[str, TensorType | None] = field(default_factory=dict)  # None: not a tensor
    outputs: dict[str, TensorType | None] = field(default_factory=dict)
    sparse: list[Tensor] = field(default_factory=list)  # parts of sparse initializers
    is_ambiguous: bool = False  # one name stands for two constants, inputs or outputs
    surplus: bool = False

    def tensors(self) -> Iterable[Tensor]:
        """Yield every tensor of this graph and of graphs within it, sparse ones in their parts."""
        yield from self.initializers.values()
        yield from self.sparse
        for node in self.nodes:
            for attribute in node.attributes:
                if isinstance(attribute.value, Tensor):
                    yield attribute.value
                elif isinstance(attribute.value, OnnxGraph):
                    yield from attribute.value.tensors()
