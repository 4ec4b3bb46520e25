"""A graph's canonical form: what is left of it without names, weights and repetition.

Two graphs of one form compute the same from the same constants. The form is a list of tokens in the
order of the nodes: a text is structure, a number is an attribute's, a size or a small constant's,
and `Held` stands for what a constant holds. Values are named by who computes them, so renaming
changes nothing; constants are written out where they are used, so neither does sharing them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from distill_runtime import contract
from distill_runtime.artifact.scan.onnx_graph import (
    BOOL,
    DOUBLE,
    FLOAT,
    FLOAT16,
    INT64,
    ITEM_BYTES,
    Attribute,
    Node,
    OnnxGraph,
    Tensor,
    TensorType,
)

_INLINE = 16  # integers of a constant that are written out: shapes, axes, indices
_MAX_RANK = 8  # of a constant, whose dimensions are written out wherever it is used
_FLOATS = (FLOAT, FLOAT16, DOUBLE)
_LETTERS = {"batch", "steps", "samples"}  # of the contract; other dimensions' names say nothing


class NoFormError(Exception):
    """The graph has something in it that no exporter writes."""


@dataclass(frozen=True)
class Held:
    """What a constant holds, to be read when it is asked for."""

    tensor: Tensor

    def text(self, file: BinaryIO) -> str:
        """Return it in few letters: a number, one number many times, or a hash."""
        data = self.tensor.data(file)
        item = data[: ITEM_BYTES[self.tensor.element_type]]
        if item * self.tensor.size == data:
            return f"all {item.hex()}"
        return hashlib.sha256(data).hexdigest()


Token = str | int | Held


class Place(NamedTuple):
    """Who computes a value: a node by its index, or a graph's input (a negative one)."""

    node: int
    output: int


@dataclass
class Scope:
    """A graph whose names are resolved."""

    nodes: list[Node]
    constants: dict[str, Tensor]
    places: dict[str, Place] = field(default_factory=dict)
    halves: set[str] = field(default_factory=set)  # constants that stand for their float16 cast
    body: Scope | None = None
    graph: OnnxGraph = field(default_factory=OnnxGraph)

    def constant(self, name: str) -> Tensor | None:
        """Return a constant by its name."""
        return self.constants.get(name)


def resolve(graph: OnnxGraph) -> Scope:
    """Resolve a graph's names, and that of its one Scan.

    Raises:
        NoFormError: A name stands for two things, or the file holds something else.
    """
    if graph.is_ambiguous:
        raise NoFormError("a name stands for two things")
    if graph.surplus:
        raise NoFormError("it holds more than nodes and constants")
    scope = _scope(graph)
    names = {*scope.places, *scope.constants}
    bodies = [
        attribute.value
        for node in graph.nodes
        for attribute in node.attributes
        if isinstance(attribute.value, OnnxGraph)
    ]
    if len(bodies) > 1:
        raise NoFormError("it holds several graphs")
    for body in bodies:
        if body.surplus or body.is_ambiguous or body.initializers:
            raise NoFormError("its inner graph holds more than nodes")
        scope.body = _scope(body)
        if names & scope.body.places.keys():
            raise NoFormError("a name stands for two things")
    for tensor in graph.initializers.values():
        _check_tensor(tensor)
    return scope


def _scope(graph: OnnxGraph) -> Scope:
    scope = Scope([], dict(graph.initializers), graph=graph)
    for index, name in enumerate(graph.inputs):
        _define(scope, name, Place(-1 - index, 0))
    for node in graph.nodes:
        if (half := _half_weight(node, graph)) is not None:
            if node.outputs[0] in scope.constants or node.outputs[0] in scope.places:
                raise NoFormError("a name stands for two things")
            scope.constants[node.outputs[0]] = half
            scope.halves.add(node.outputs[0])
            continue
        for output, name in enumerate(node.outputs):
            _define(scope, name, Place(len(scope.nodes), output))
        scope.nodes.append(node)
    return scope


def _define(scope: Scope, name: str, place: Place) -> None:
    if not name or name in scope.places or name in scope.constants:
        raise NoFormError("a name stands for two things")
    scope.places[name] = place


def _half_weight(node: Node, graph: OnnxGraph) -> Tensor | None:
    """Return the weight that a node makes float32 of, if it does nothing else."""
    if node.operator != "Cast" or len(node.inputs) != 1 or len(node.outputs) != 1:
        return None
    tensor = graph.initializers.get(node.inputs[0])
    if tensor is None or tensor.element_type != FLOAT16 or node.surplus or node.domain:
        return None
    to = [(a.name, a.kind, a.value, a.surplus) for a in node.attributes]
    return tensor if to == [("to", "i", FLOAT, False)] else None


def _check_tensor(tensor: Tensor) -> None:
    size = ITEM_BYTES.get(tensor.element_type)
    if size is None or tensor.surplus or len(tensor.dims) > _MAX_RANK:
        raise NoFormError("a constant is not held as exporters hold it")
    if tensor.raw_length != size * tensor.size:
        raise NoFormError("a constant is not held as exporters hold it")


Refer = Callable[[str], str]


class Writer:
    """Writes nodes as tokens."""

    def __init__(self, file: BinaryIO, scope: Scope) -> None:
        self._file, self._scope = file, scope
        self.arrays: dict[str, Tensor] = {}  # of floats, in the order of their first use
        self.used: set[str] = set()
        self._written: dict[str, list[Token]] = {}  # of constants, by what they are called

    def node(self, node: Node, refer: Refer, *, numbered: bool) -> list[Token]:
        """Return a node's tokens.

        Args:
            node: Of this graph or of the one inside.
            refer: Returns the name of a value.
            numbered: Whether to tell one array of floats from another.

        Raises:
            NoFormError: It has something in it that no exporter writes.
        """
        if node.surplus or node.domain:
            raise NoFormError("a node holds more than an operator and its attributes")
        tokens: list[Token] = [node.operator]
        for attribute in sorted(node.attributes, key=lambda attribute: attribute.name):
            tokens += self._attribute(attribute)
        for name in node.inputs:
            tensor = self._scope.constant(name) if name else None
            if tensor is None:
                tokens.append(refer(name) if name else "nothing")
            else:
                self.used.add(tensor.name)
                if name not in self._written:
                    is_half = name in self._scope.halves
                    self._written[name] = self.constant(tensor, is_half, numbered=numbered)
                tokens += self._written[name]
        tokens.append(f"-> {len(node.outputs)}")
        if contract.MEL in node.outputs:
            tokens.append(contract.MEL)
        return tokens

    def _attribute(self, attribute: Attribute) -> list[Token]:
        value = attribute.value
        tokens: list[Token] = [f"{attribute.name}:{attribute.kind}"]
        if attribute.surplus:
            raise NoFormError("an attribute holds more than one value")
        if attribute.kind == "i" and isinstance(value, int):
            tokens.append(value)
        elif attribute.kind in ("f", "s") and isinstance(value, bytes):
            tokens.append(value.hex())
        elif attribute.kind == "ints" and isinstance(value, tuple):
            tokens += [f"{len(value)}", *(n for n in value if isinstance(n, int))]
        elif attribute.kind != "g":
            raise NoFormError("an attribute is of a kind that no exporter writes")
        return tokens

    def constant(self, tensor: Tensor, is_half: bool, *, numbered: bool) -> list[Token]:
        """Return a constant's tokens."""
        kind = FLOAT if is_half else tensor.element_type
        tokens: list[Token] = [f"constant {kind} {len(tensor.dims)}", *tensor.dims]
        if kind in _FLOATS and tensor.dims:
            if numbered:
                if is_half:
                    raise NoFormError("a constant of signal processing is not held in full")
                self.arrays.setdefault(tensor.name, tensor)
                tokens.append(f"array {list(self.arrays).index(tensor.name)}")
            return tokens
        if kind in (INT64, BOOL) and len(tensor.dims) < 2 and tensor.size <= _INLINE:
            width = ITEM_BYTES[kind]
            data = tensor.data(self._file)
            places = range(0, len(data), width)
            return [
                *tokens,
                f"{len(places)}",
                *(int.from_bytes(data[at : at + width], "little", signed=True) for at in places),
            ]
        return [*tokens, Held(tensor)]


def type_tokens(
    values: Mapping[str, TensorType | None], letters: dict[str, str], *, named: bool
) -> Iterable[Token]:
    """Yield the tokens of a graph's inputs or outputs.

    Args:
        values: In the file's order.
        letters: What a dimension's name is called here; what is new is added.
        named: Whether the values' own names matter.

    Raises:
        NoFormError: One is not a tensor.
    """
    for name, kind in values.items():
        if kind is None:
            raise NoFormError("an input or output is not a tensor")
        yield f"value {name if named else ''} {kind.element_type} {len(kind.shape)}"
        for length, letter in zip(kind.shape, kind.letters, strict=True):
            is_free = letter and letter not in _LETTERS
            yield letters.setdefault(letter, f"size {len(letters)}") if is_free else letter
            yield "any" if length is None else length


def skeleton(tokens: Iterable[Token]) -> str:
    """Return the hash of a form's texts alone, by which a structure is looked up."""
    texts = [_text(token) if isinstance(token, str) else "#" for token in tokens]
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:16]


def digest(tokens: Iterable[Token], replaced: Mapping[int, str], file: BinaryIO) -> str:
    """Return the hash of a form.

    Args:
        tokens: The form.
        replaced: What stands in place of numbers that are a file's to choose, by their index.
        file: Where constants are read.
    """
    parts = [
        f"?{replaced[index]};"
        if index in replaced
        else _text(token)
        if isinstance(token, str)
        else f"#{token if isinstance(token, int) else token.text(file)};"
        for index, token in enumerate(tokens)
    ]
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _text(token: str) -> str:
    """Return a text so that no other token, nor several, can look the same: some are the file's."""
    return f"{len(token)}:{token}"
