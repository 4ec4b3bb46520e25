"""What the changes of an ONNX graph share: where they are registered, what they choose from."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

NUMBERS = (-(2**63), -(2**31), -1000, -3, -2, -1, 0, 1, 2, 3, 7, 64, 1000, 2**31, 2**40, 2**63 - 1)
SMALL = 64  # elements of a constant that is not a weight

Model = Any
Change = Callable[[Model, random.Random], bool]  # whether there was something to change

CHANGES: dict[str, Change] = {}
NOTHING: dict[str, Change] = {}  # what changes the bytes, but not what the file is


def change(function: Change) -> Change:
    """Register a change of the structure."""
    CHANGES[function.__name__.strip("_")] = function
    return function


def no_change(function: Change) -> Change:
    """Register a change of names, or of what a model may choose."""
    NOTHING[function.__name__.strip("_")] = function
    return function


def graph_of(model: Model, choices: random.Random) -> Any:
    """Return the graph, or the one within it."""
    inner = [a.g for node in model.graph.node for a in node.attribute if a.HasField("g")]
    return choices.choice([model.graph, *inner * 2]) if inner else model.graph


def node_of(model: Model, choices: random.Random) -> Any:
    return choices.choice(graph_of(model, choices).node)


def attribute_of(model: Model, choices: random.Random, *fields: str) -> Any:
    """Return an attribute that has one of these fields, or None."""
    nodes = [*graph_of(model, choices).node]
    found = [a for n in nodes for a in n.attribute if any(has_field(a, field) for field in fields)]
    return choices.choice(found) if found else None


def has_field(attribute: Any, field: str) -> bool:
    kinds = {"i": 2, "f": 1, "s": 3, "ints": 7, "g": 5}
    return attribute.type == kinds[field]


def small_constant(model: Model, choices: random.Random, *kinds: int) -> Any:
    """Return a small constant of one of these types, or None."""
    found = [
        tensor
        for tensor in model.graph.initializer
        if tensor.data_type in kinds
        and int(np.prod(tensor.dims)) <= SMALL
        and not tensor.name.startswith("decoder.")
    ]
    return choices.choice(found) if found else None


def same_constant(model: Model, first: str, second: str) -> bool:
    """Whether two names stand for equal constants, or for weights that fit each other's place."""
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    if first not in held or second not in held:
        return first == second
    one, other = held[first], held[second]
    same_kind = (one.data_type, list(one.dims)) == (other.data_type, list(other.dims))
    weights = one.name.startswith("decoder.")
    return same_kind and (weights or one.raw_data == other.raw_data)


def rename(graph: Any, old: str, new: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [new if name == old else name for name in names]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                rename(attribute.g, old, new)
    for value in graph.output:
        value.name = new if value.name == old else value.name
