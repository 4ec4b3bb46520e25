"""The parts of an artifact's graph: the decoder, and the road from mel frames to sound.

Only the decoder has a model's sizes in it. The road is the same for every model, but for how often
"refined" repeats its pass: the repetitions are compared here, and one of them is written out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from distill_runtime import contract
from distill_runtime.artifact.known.canonical import (
    NoFormError,
    Place,
    Refer,
    Scope,
    Token,
    Writer,
    resolve,
    type_tokens,
)
from distill_runtime.artifact.scan.onnx_graph import Node, OnnxGraph, Tensor


@dataclass(frozen=True)
class Loop:
    """The nodes of the inner graph that stand there once for each pass.

    Attributes:
        start: The first node of the first repetition that may be followed by another.
        length: Nodes of a repetition.
        nodes: All of the inner graph's, with one repetition.
    """

    start: int
    length: int
    nodes: int

    def repetitions(self, nodes: int) -> int | None:
        """Return how many repetitions a graph of so many nodes has beyond one."""
        more, rest = divmod(nodes - self.nodes, self.length)
        return more if more >= 0 and not rest else None


class Sections:
    """Writes the parts of one graph as tokens."""

    def __init__(self, graph: OnnxGraph, file: BinaryIO) -> None:
        """Find the parts.

        Raises:
            NoFormError: It is no graph that an exporter writes.
        """
        self._file = file
        self.scope = resolve(graph)
        self.decoder_start = next(
            (
                index
                for index, node in enumerate(self.scope.nodes)
                if contract.LATENTS in node.inputs and node.operator != "Shape"
            ),
            len(self.scope.nodes),
        )
        self.inner_nodes = [] if self.scope.body is None else self.scope.body.nodes
        self.weights: dict[str, Tensor] = {}  # of the decoder that was written last
        self._used: set[str] = set()

    def decoder(self, count: int) -> list[Token]:
        """Return the tokens of the decoder, if it is `count` nodes long."""
        start = self.decoder_start
        writer = Writer(self._file, self.scope)

        def refer(name: str) -> str:
            place = self._place(name)
            if place.node >= start:
                return f"node {place.node - start}.{place.output}"
            return contract.LATENTS if name == contract.LATENTS else "outside"

        tokens: list[Token] = []
        for node in self.scope.nodes[start : start + count]:
            tokens += writer.node(node, refer, numbered=False)
        self._used = writer.used
        return tokens

    def road(self, decoder_nodes: int, loop: Loop | None) -> tuple[list[Token], list[Tensor]]:
        """Return the tokens of everything but the decoder, and its arrays of floats.

        `decoder` must have been called before: its constants are its own.

        Raises:
            NoFormError: The inner graph does not repeat itself as the loop says.
        """
        start, end = self.decoder_start, self.decoder_start + decoder_nodes
        writer = Writer(self._file, self.scope)

        def refer(name: str) -> str:
            place = self._place(name)
            if place.node < 0:
                return f"input {name}"
            if place.node < start:
                return f"node {place.node}.{place.output}"
            if place.node < end:
                return "decoder" if place == (end - 1, 0) else "inside the decoder"
            return f"node {place.node - decoder_nodes}.{place.output}"

        letters: dict[str, str] = {}
        tokens: list[Token] = list(self._ends(letters))
        for node in (*self.scope.nodes[:start], *self.scope.nodes[end:]):
            tokens += writer.node(node, refer, numbered=True)
        tokens += [f"value {name} {refer(name)}" for name in self.scope.graph.outputs]
        if self.scope.body is not None:
            inner = _Inner(self.scope.body, self.scope, loop)
            tokens.append("inner graph")
            tokens += type_tokens(self.scope.body.graph.inputs, letters, named=False)
            for node, names in inner.nodes(refer):
                tokens += writer.node(node, names, numbered=True)
            tokens += type_tokens(self.scope.body.graph.outputs, letters, named=False)
            tokens += map(inner.names(refer), self.scope.body.graph.outputs)
        elif loop is not None:
            raise NoFormError("it has no inner graph")
        unused = [
            ["unused", *writer.constant(tensor, False, numbered=True)]
            for name, tensor in self.scope.graph.initializers.items()
            if name not in writer.used and name not in self._used
        ]
        # Their order says nothing. Exporters have left shapes unused, of which no two are alike.
        for constant in sorted(unused, key=str):
            tokens += constant
        return tokens, list(writer.arrays.values())

    def _place(self, name: str) -> Place:
        place = self.scope.places.get(name)
        if place is None:
            raise NoFormError("a value comes from nowhere")
        return place

    def _ends(self, letters: dict[str, str]) -> list[Token]:
        """Return the tokens of inputs and outputs; the latent size is the decoder's."""
        graph = self.scope.graph
        tokens = [
            *type_tokens(graph.inputs, letters, named=True),
            *type_tokens(graph.outputs, letters, named=True),
        ]
        latents = graph.inputs.get(contract.LATENTS)
        size = latents.shape[-1] if latents is not None and latents.shape else None
        if size is not None:
            tokens[tokens.index(size)] = "latent_dim"
        return tokens


class _Inner:
    """The inner graph with one repetition of what it repeats.

    A repetition takes values of the one before it, which stand as far before it whichever it is, or
    of what comes before them all. So does what follows the last one.
    """

    def __init__(self, body: Scope, outer: Scope, loop: Loop | None) -> None:
        more = 0 if loop is None else loop.repetitions(len(body.nodes))
        if more is None:
            raise NoFormError("it does not repeat itself as it should")
        self._body, self._outer, self._loop, self._more = body, outer, loop, more
        if loop is not None:
            for repetition in range(1, more + 1):
                self._compare(loop, repetition)

    def nodes(self, outside: Refer) -> Iterator[tuple[Node, Refer]]:
        """Yield the nodes in order, each with what names the values it takes."""
        nodes, first = self._body.nodes, partial(self._name, outside=outside, repetition=0)
        end = len(nodes) if self._loop is None else self._loop.start + self._loop.length
        for node in nodes[:end]:
            yield node, first
        if self._loop is not None:
            for node in nodes[end + self._more * self._loop.length :]:
                yield node, self.names(outside)

    def names(self, outside: Refer) -> Refer:
        """Return what names the values that are taken after the last repetition."""
        return partial(self._name, outside=outside, repetition=self._more)

    def _name(self, name: str, *, outside: Refer, repetition: int) -> str:
        place = self._body.places.get(name)
        if place is None:
            return f"outer {outside(name)}"
        if place.node < 0:
            return f"inner input {place.node}"
        return f"inner node {self._index(place.node, repetition)}.{place.output}"

    def _index(self, index: int, repetition: int) -> int:
        """Return which node of the form stands for a node that a repetition refers to."""
        if self._loop is None:
            return index
        first = self._loop.start - self._loop.length
        shift = self._loop.length * repetition
        if index < first:
            return index
        if index < first + shift:
            raise NoFormError("a repetition takes from one that is not the last")
        return index - shift

    def _compare(self, loop: Loop, repetition: int) -> None:
        """See that a repetition is as the first one."""
        nodes, start = self._body.nodes, loop.start + repetition * loop.length
        for offset in range(loop.length):
            first, other = nodes[loop.start + offset], nodes[start + offset]
            if (
                first.operator != other.operator
                or first.domain != other.domain
                or first.attributes != other.attributes
                or len(first.outputs) != len(other.outputs)
                or len(first.inputs) != len(other.inputs)
                or other.surplus
                or contract.MEL in other.outputs
            ):
                raise NoFormError("a repetition is unlike the first")
            for name, other_name in zip(first.inputs, other.inputs, strict=True):
                if name == other_name and name not in self._body.places:
                    continue
                place, other_place = (self._body.places.get(n) for n in (name, other_name))
                if place is None or other_place is None or min(place.node, other_place.node) < 0:
                    same = place == other_place is not None
                else:
                    there = self._index(other_place.node, repetition)
                    same = (place.node, place.output) == (there, other_place.output)
                if not same:
                    raise NoFormError("a repetition is unlike the first")
