"""From a few traced graphs to what the runtime needs to know every graph of their exporter.

A number in a graph that differs between models is a product of their sizes, such as `8*channels1`:
two models whose sizes are all different tell which. How `refined` repeats its passes shows between
graphs of some passes and of one more.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from distill_runtime.artifact.known.canonical import Held, NoFormError, Token, digest, skeleton
from distill_runtime.artifact.known.known_graph import FREE, evaluate, head_tokens
from distill_runtime.artifact.known.sections import Loop, Sections
from distill_runtime.artifact.scan.constants import fingerprint_sums, values_of
from distill_runtime.artifact.scan.onnx_graph import DOUBLE, FLOAT, Tensor
from distill_runtime.artifact.scan.onnx_scan import scan_onnx

# Of an array, in its sums: as much as its weights differ between processors, and ten times more.
# What comes of the mel filterbank hangs on the processor's float32 powers.
LEAST_TOLERANCE = 1e-6
_TIMES_SEEN = 10.0


@dataclass(frozen=True)
class Sample:
    """A traced graph and the model that it was traced from.

    Attributes:
        model: As `distill-export` would write it, but for the metadata document.
        sizes: By the names of known_graph.py.
        stats: mag_mean, mag_std, if_mean, if_std; no two alike, and none 0, 1 or a power of two.
        reconstruction: "learned" or "refined".
        latency_samples: The graph's.
        passes: Of "refined".
        integers: Whether the decoder is that of int8.
        free: Arrays that a model chooses, as they are in this graph; no two alike.
    """

    model: bytes
    sizes: Mapping[str, int]
    stats: tuple[float, ...]
    reconstruction: str
    latency_samples: int
    passes: int
    integers: bool
    free: tuple[np.ndarray, ...] = ()


class Form:
    """A sample's canonical form."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.file = io.BytesIO(sample.model)
        summary = scan_onnx(self.file, len(sample.model))
        self.head = head_tokens(summary)
        self.sections = Sections(summary.graph, self.file)
        self.decoder_nodes = self._decoder_nodes()

    @property
    def inner_nodes(self) -> int:
        """Nodes of the graph inside."""
        return len(self.sections.inner_nodes)

    def decoder(self) -> list[Token]:
        """Return the decoder's tokens."""
        return self.sections.decoder(self.decoder_nodes)

    def road(self, loop: Loop | None) -> tuple[list[Token], list[Tensor]]:
        """Return the tokens of the rest, and its arrays."""
        self.decoder()
        tokens, arrays = self.sections.road(self.decoder_nodes, loop)
        return [*self.head, *tokens], arrays

    def _decoder_nodes(self) -> int:
        """Return how many nodes the decoder has: it ends where its two channels are joined."""
        nodes = self.sections.scope.nodes[self.sections.decoder_start :]
        tanh = next(index for index, node in enumerate(nodes) if node.operator == "Tanh")
        return next(
            index + 1
            for index, node in enumerate(nodes)
            if index > tanh and nodes[tanh].outputs[0] in node.inputs
        )


def decoder_entry(first: Form, second: Form) -> tuple[str, dict[str, Any]]:
    """Return the key and the entry of a decoder, from two models without a size in common."""
    tokens, others = first.decoder(), second.decoder()
    key = skeleton(tokens)
    assert key == skeleton(others), "the decoder's structure depends on its sizes"
    slots: dict[int, str] = {}
    for index, (token, other) in enumerate(zip(tokens, others, strict=True)):
        if isinstance(token, Held):
            assert isinstance(other, Held)
            if token.text(first.file) != other.text(second.file):
                slots[index] = FREE
        elif token != other:
            assert isinstance(token, int)
            assert isinstance(other, int)
            slots[index] = _expression((token, other), (first.sample.sizes, second.sample.sizes))
    sha256 = digest(tokens, slots, first.file)
    assert sha256 == digest(others, slots, second.file)
    return key, {
        "integers": first.sample.integers,
        "nodes": first.decoder_nodes,
        "sha256": sha256,
        "slots": slots,
    }


def road_entries(form: Form, loop: Loop | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the key and the entry of a road, and of those that lack statistics of 0 or 1.

    The exporter leaves out an addition of 0 and a product with 1.
    """
    for names in _left_out(form.sample):
        variant = Form(_without(form.sample, names)) if names else form
        tokens, _ = variant.road(loop)
        free = [
            index
            for index, token in enumerate(tokens)
            if isinstance(token, Held) and _is_statistic(token.tensor, variant)
        ]
        sha256 = digest(tokens, dict.fromkeys(free, FREE), variant.file)
        yield skeleton(tokens), {"free": free, "sha256": sha256}


def find_loop(forms: Sequence[Form]) -> tuple[Loop, int]:
    """Return how the inner graph repeats its pass, and from how many passes on.

    Args:
        forms: Of 0, 1, 2, ... passes, one more than it takes to repeat.
    """
    for passes, (form, more) in enumerate(itertools.pairwise(forms)):
        length = more.inner_nodes - form.inner_nodes
        for start in range(length, form.inner_nodes - length):
            loop = Loop(start, length, form.inner_nodes)
            try:
                found = {digest(f.road(loop)[0], {}, f.file) for f in (form, more)}
            except NoFormError:
                continue
            if len(found) == 1:
                return loop, passes
    raise AssertionError("the passes do not repeat themselves")


def fingerprint(tensor: Tensor, sample: Sample, elsewhere: np.ndarray | None) -> dict[str, Any]:
    """Return what an array is recognised by: of one that a model chooses, its shape alone.

    Args:
        tensor: The array.
        sample: The graph that it is in.
        elsewhere: The same array as another processor computes it; None if it is not known.
    """
    values = values_of(tensor, sample.model).astype(np.float64)
    if any(np.array_equal(values, free) for free in sample.free):
        return {"dims": list(tensor.dims), FREE: True}
    ratio = 0.0
    length = float(np.linalg.norm(values))
    if elsewhere is not None:
        ratio = float(np.linalg.norm(values - elsewhere)) / length
    tolerance = max(LEAST_TOLERANCE, _TIMES_SEEN * ratio) * length
    return {
        "dims": list(tensor.dims),
        "sums": [float(f"{number:.12g}") for number in fingerprint_sums(values)],
        "tolerance": float(f"{tolerance:.2g}"),
    }


def _expression(
    numbers: tuple[int, int], sizes: tuple[Mapping[str, int], Mapping[str, int]]
) -> str:
    """Return the product of sizes that gives these numbers with these sizes."""
    for count in (1, 2, 3):
        for names in itertools.combinations(sizes[0], count):
            products = [evaluate("*".join(names), known) for known in sizes]
            factors = {
                number // product if not number % product else 0
                for number, product in zip(numbers, products, strict=True)
                if product is not None
            }
            if len(factors) == 1 and (factor := factors.pop()) > 0:
                return "*".join(([str(factor)] if factor > 1 else []) + list(names))
    raise AssertionError(f"no product of the sizes gives {numbers}")


def _is_statistic(tensor: Tensor, form: Form) -> bool:
    if tensor.dims:
        return False
    value = np.frombuffer(
        tensor.data(form.file), {FLOAT: "<f4", DOUBLE: "<f8"}.get(tensor.element_type)
    )
    return value.dtype.kind == "f" and any(
        value[0] == value.dtype.type(stat) for stat in form.sample.stats
    )


def _left_out(sample: Sample) -> Iterator[tuple[str, ...]]:
    """Yield every set of statistics, by their initializers' names, that can be left out.

    A float64 one only with its float32 rounding: that is 0 or 1 if the float64 number is.
    """
    model = onnx.ModelProto.FromString(sample.model)
    scalars: dict[str, tuple[int, int]] = {}  # name -> which statistic, element type
    for tensor in model.graph.initializer:
        if not tensor.dims and tensor.data_type in (FLOAT, DOUBLE):
            value = onnx.numpy_helper.to_array(tensor)
            for index, stat in enumerate(sample.stats):
                if value == value.dtype.type(stat):
                    scalars[tensor.name] = index, tensor.data_type
    for count in range(len(scalars) + 1):
        for names in itertools.combinations(scalars, count):
            kept = [scalars[name] for name in scalars if name not in names]
            doubles = {scalars[name][0] for name in names if scalars[name][1] == DOUBLE}
            if not any(index in doubles and kind == FLOAT for index, kind in kept):
                yield names


def _without(sample: Sample, names: tuple[str, ...]) -> Sample:
    """Return a sample without the nodes that add or multiply by these initializers."""
    model = onnx.ModelProto.FromString(sample.model)
    graph, renamed = model.graph, dict[str, str]()
    kept = []
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        if node.op_type in ("Add", "Mul") and set(node.input).intersection(names):
            (source,) = (name for name in node.input if name not in names)
            renamed[node.output[0]] = source
        else:
            kept.append(node)
    tensors = [tensor for tensor in graph.initializer if tensor.name not in names]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(tensors)
    return Sample(**{**vars(sample), "model": model.SerializeToString()})
