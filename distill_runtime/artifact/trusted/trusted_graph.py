"""A graph of unknown structure that its user trusts: what of it can be bounded before it runs.

A list of operators does not keep onnxruntime alive: it divides integers by 0 as the processor does,
believes a Split's settings, and fills memory with whatever a few numbers ask for. So every node's
sizes are computed first, for the very call that is to be made (shape_rules.py, layout_rules.py).
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from functools import lru_cache
from typing import BinaryIO

from distill_runtime import contract
from distill_runtime.artifact.scan.onnx_graph import (
    BOOL,
    FLOAT,
    INT32,
    INT64,
    ITEM_BYTES,
    Node,
    OnnxGraph,
    Tensor,
)
from distill_runtime.artifact.scan.onnx_scan import OnnxSummary
from distill_runtime.artifact.trusted import layout_rules  # noqa: F401  (registers its rules)
from distill_runtime.artifact.trusted.operators import OPERATORS
from distill_runtime.artifact.trusted.shape_rules import (
    MAX_CONTENT,
    RULES,
    Inputs,
    UnboundedError,
    Value,
    integer,
    integers,
    needed,
    tensor,
    work,
)
from distill_runtime.contract import ArtifactMetadata
from distill_runtime.errors import ArtifactError

MAX_NODES = 16_384
# Of a call, for each step of each row. Sixty-four passes of "refined" take a third of the work, and
# the widest layers of Distill's models a tenth of the memory. A call of less takes as much as one
# of twelve rows: parts of the graph do not depend on how many there are.
MAX_STEP_BYTES = 48 * 2**20
MAX_STEP_WORK = 4 * 10**9
_LEAST_STEPS = 12
_NODE_WORK = 2000  # of a node that has nothing to do


class TrustedGraph:
    """Bounds what calls of a graph may ask for."""

    def __init__(self, summary: OnnxSummary, metadata: ArtifactMetadata, file: BinaryIO) -> None:
        """Look at what does not depend on a call.

        Raises:
            ArtifactError: The graph has something in it that cannot be bounded.
        """
        self._graph, self._metadata = summary.graph, metadata
        _check_structure(summary.graph)
        self._constants = {
            name: _constant(stored, file) for name, stored in summary.graph.initializers.items()
        }
        self.check_call = lru_cache(maxsize=64)(self._check_call)

    def _check_call(self, batch: int, steps: int, finish: bool) -> None:
        """See what a call would take.

        Raises:
            ArtifactError: Too much, or it cannot be told.
        """
        row = self._metadata
        inputs = {
            contract.LATENTS: tensor(FLOAT, (batch, steps, row.latent_dim)),
            contract.STATE: tensor(FLOAT, (batch, row.state_size)),
            contract.FINISH: tensor(BOOL, (), (int(finish),)),
        }
        rows = max(batch * steps, _LEAST_STEPS)
        run = _Run(rows * MAX_STEP_BYTES, rows * MAX_STEP_WORK)
        run.graph(self._graph, {**self._constants, **inputs}, times=1, depth=0)


class _Run:
    """Follows the sizes through a graph, and adds up what they cost."""

    def __init__(self, max_bytes: int, max_work: int) -> None:
        self._max_bytes, self._max_work = max_bytes, max_work
        self._bytes = self._work = 0

    def graph(
        self, graph: OnnxGraph, values: Mapping[str, Value], *, times: int, depth: int
    ) -> list[Value]:
        """Return what is known of a graph's outputs.

        Args:
            graph: Run `times` times.
            values: What is there before: inputs, constants and what graphs around it have made.
            times: As above.
            depth: 1 within a Scan.
        """
        known, before = dict(values), self._bytes
        last_use = {name: index for index, node in enumerate(graph.nodes) for name in node.inputs}
        last_use |= dict.fromkeys(graph.outputs, len(graph.nodes))
        ends: dict[int, list[str]] = {}
        for index, node in enumerate(graph.nodes):
            outputs = self._node(node, known, times=times, depth=depth)
            for name, value in zip(node.outputs, outputs, strict=True):
                known[name] = value
                self._bytes += value.bytes
                ends.setdefault(last_use.get(name, index), []).append(name)
            if self._bytes > self._max_bytes:
                raise ArtifactError(
                    f"a call of it would take more than {self._max_bytes >> 20} MiB of memory"
                )
            for name in ends.pop(index, ()):
                self._bytes -= known[name].bytes
        self._bytes = before
        missing = [name for name in graph.outputs if name not in known]
        if missing:
            raise ArtifactError("an output of its graph comes from nowhere")
        return [known[name] for name in graph.outputs]

    def _node(
        self, node: Node, known: Mapping[str, Value], *, times: int, depth: int
    ) -> list[Value]:
        if any(name and name not in known for name in node.inputs):
            raise ArtifactError(f"its {node.operator} takes a value that comes from nowhere")
        inputs = [known[name] if name else None for name in node.inputs]
        try:
            if node.operator == "Scan":
                outputs = self._scan(node, inputs, known, depth)
            elif node.operator == "Constant":
                outputs = [_constant_node(node)]
            else:
                outputs = RULES[node.operator](node, inputs)
            self._work += times * (_NODE_WORK + work(node, inputs, outputs))
        except UnboundedError as reason:
            raise ArtifactError(f"its {node.operator} is {reason}: it is not played") from None
        if self._work > self._max_work:
            raise ArtifactError("a call of it would take too long")
        if len(outputs) != len(node.outputs):
            raise ArtifactError(f"its {node.operator} has {len(node.outputs)} outputs")
        return outputs

    def _scan(
        self, node: Node, inputs: Inputs, known: Mapping[str, Value], depth: int
    ) -> list[Value]:
        """Follow a Scan, whose body runs once for each slice along the first axis of its inputs."""
        attribute = node.attribute("body")
        if depth or attribute is None or not isinstance(attribute.value, OnnxGraph):
            raise UnboundedError("within another")
        body, scanned = attribute.value, integer(node, "num_scan_inputs")
        states = len(inputs) - scanned
        forward = ("scan_input_directions", "scan_output_directions")
        along = ("scan_input_axes", "scan_output_axes")
        if (
            any(any(integers(node, name, ())) for name in (*forward, *along))
            or not 1 <= scanned <= len(inputs)
            or len(body.inputs) != len(inputs)
            or len(body.outputs) < states
        ):
            raise UnboundedError("with settings that do not fit")
        values = [needed(inputs, index) for index in range(len(inputs))]
        lengths = {value.shape[:1] for value in values[states:]}
        if len(lengths) != 1 or lengths == {()}:
            raise UnboundedError("of sizes that do not fit")
        ((times,),) = lengths
        slices = [
            tensor(value.kind, value.shape[index >= states :]) for index, value in enumerate(values)
        ]
        # A body of one node is bounded by the work of a node: many slices of nothing take long.
        made = self.graph(
            body, {**known, **dict(zip(body.inputs, slices, strict=True))}, times=times, depth=1
        )
        for before, after in zip(slices[:states], made, strict=False):
            if (before.kind, before.shape) != (after.kind, after.shape):
                raise UnboundedError("of a state that changes its size")
        stacked = [tensor(value.kind, (times, *value.shape)) for value in made[states:]]
        return [*(tensor(value.kind, value.shape) for value in made[:states]), *stacked]


def _check_structure(graph: OnnxGraph) -> None:
    nodes = _count(graph)
    if nodes > MAX_NODES:
        raise ArtifactError(f"its graph has {nodes} nodes, at most {MAX_NODES} are played")
    _check_byte_convs(graph)
    if graph.sparse:
        raise ArtifactError("it has sparse tensors, which no artifact needs")
    names = [*graph.inputs, *graph.initializers, *_made(graph)]
    ambiguous = any(part.is_ambiguous for part in (graph, *_bodies(graph)))
    if ambiguous or len(set(names)) < len(names):
        raise ArtifactError("a name in its graph stands for two values")
    for inner in (graph, *_bodies(graph)):
        for node in inner.nodes:
            for attribute in node.attributes:
                if attribute.kind in ("sparse", "tensors", "graphs"):
                    raise ArtifactError(f"its {node.operator} holds what no artifact needs")
                is_body = node.operator == "Scan" and attribute.name == "body"
                if attribute.kind == "g" and not is_body:
                    raise ArtifactError(f"its {node.operator} holds a graph")
        if inner is not graph and (inner.initializers or inner.sparse):
            raise ArtifactError("a graph within its graph holds constants")


def _check_byte_convs(graph: OnnxGraph) -> None:
    """See that every QLinearConv has weights: of none, onnxruntime reads the first all the same.

    They must be tensors of the main graph, of which it is known what they hold.
    """
    held = {name for name, stored in graph.initializers.items() if stored.size} - set(_made(graph))
    held -= {stored.name for stored in graph.sparse}
    for inner in (graph, *_bodies(graph)):
        for node in inner.nodes:
            if node.operator == "QLinearConv" and (
                inner is not graph or not held.issuperset(node.inputs[1:])
            ):
                raise ArtifactError("it has a QLinearConv whose weights are computed or empty")


def _bodies(graph: OnnxGraph) -> list[OnnxGraph]:
    """Return the graphs within a graph, at any depth."""
    found = []
    for node in graph.nodes:
        for attribute in node.attributes:
            if isinstance(attribute.value, OnnxGraph):
                found += [attribute.value, *_bodies(attribute.value)]
    return found


def _made(graph: OnnxGraph) -> list[str]:
    """Return the names of all that nodes make, at any depth, and of inner inputs."""
    inner = _bodies(graph)
    names = [name for part in (graph, *inner) for node in part.nodes for name in node.outputs]
    return [*(name for name in names if name), *(name for part in inner for name in part.inputs)]


def _count(graph: OnnxGraph) -> int:
    return sum(len(part.nodes) for part in (graph, *_bodies(graph)))


def _constant(stored: Tensor, file: BinaryIO) -> Value:
    """Return what is known of a constant.

    Raises:
        ArtifactError: It does not hold what its sizes say.
    """
    width = ITEM_BYTES.get(stored.element_type)
    held = stored.length if stored.raw is None else stored.raw_length // (width or 1)
    if width is None or stored.size > held:
        raise ArtifactError("a constant of it does not hold what it says")
    content = None
    if stored.element_type in (INT64, INT32, BOOL) and stored.size <= MAX_CONTENT:
        if stored.raw is None:
            content = stored.numbers or []
        else:
            data = stored.data(file)
            content = [
                int.from_bytes(data[at : at + width], "little", signed=True)
                for at in range(0, len(data), width)
            ]
        if len(content) != stored.size:
            raise ArtifactError("a constant of it does not hold what it says")
    try:
        return tensor(stored.element_type, stored.dims, content)
    except UnboundedError as reason:
        raise ArtifactError(f"a constant of it is {reason}") from None


def _constant_node(node: Node) -> Value:
    attribute = node.attribute("value")
    if attribute is None or len(node.attributes) > 1 or not isinstance(attribute.value, Tensor):
        raise UnboundedError("without a value")
    stored = attribute.value
    if stored.element_type not in ITEM_BYTES or stored.size > stored.length:
        raise UnboundedError("that does not hold what it says")
    return tensor(stored.element_type, stored.dims)


def bound(summary: OnnxSummary, metadata: ArtifactMetadata, file: BinaryIO) -> TrustedGraph:
    """Check a graph of which nothing is known, and return what bounds its calls.

    Raises:
        ArtifactError: There is something in it that no artifact needs, or that cannot be bounded.
    """
    for domain, operator in sorted(summary.operators):
        if domain or operator not in OPERATORS:
            name = f"{domain}.{operator}" if domain else operator
            raise ArtifactError(
                f"it uses the operator {reprlib.repr(name)}, which no artifact needs"
            )
    bounds = TrustedGraph(summary, metadata, file)
    for finish in (False, True):  # onnxruntime computes what is constant when it loads it
        bounds.check_call(1, 1, finish)
    return bounds
