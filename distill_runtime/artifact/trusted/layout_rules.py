"""What the operators that move elements make of their inputs' sizes; see shape_rules.py."""

from __future__ import annotations

import math
from collections.abc import Sequence

from distill_runtime.artifact.scan.onnx_graph import INT64, Node
from distill_runtime.artifact.trusted.shape_rules import (
    Inputs,
    UnboundedError,
    Value,
    axis_of,
    broadcast,
    integer,
    integers,
    needed,
    numbers,
    rule,
    tensor,
)


@rule("Shape")
def _shape(node: Node, inputs: Inputs) -> list[Value]:
    shape = needed(inputs, 0).shape
    content = shape[slice(integer(node, "start", 0), integer(node, "end", len(shape)))]
    return [tensor(INT64, (len(content),), content)]


@rule("Reshape")
def _reshape(node: Node, inputs: Inputs) -> list[Value]:
    first, wanted = needed(inputs, 0), list(numbers(inputs, 1))
    if not integer(node, "allowzero", 0):
        if len(wanted) > len(first.shape) and 0 in wanted[len(first.shape) :]:
            raise UnboundedError("of an impossible size")
        wanted = [length or first.shape[axis] for axis, length in enumerate(wanted)]
    if wanted.count(-1) == 1:
        rest = -math.prod(wanted)
        if rest <= 0 or first.size % rest:
            raise UnboundedError("of an impossible size")
        wanted[wanted.index(-1)] = first.size // rest
    result = tensor(first.kind, wanted, first.content)
    if result.size != first.size:
        raise UnboundedError("of an impossible size")
    return [result]


@rule("Expand")
def _expand(node: Node, inputs: Inputs) -> list[Value]:
    first = needed(inputs, 0)
    return [tensor(first.kind, broadcast(first.shape, numbers(inputs, 1)))]


@rule("Transpose")
def _transpose(node: Node, inputs: Inputs) -> list[Value]:
    first = needed(inputs, 0)
    order = integers(node, "perm", range(len(first.shape))[::-1])
    if sorted(order) != list(range(len(first.shape))):
        raise UnboundedError("with settings that do not fit")
    return [tensor(first.kind, [first.shape[axis] for axis in order])]


@rule("Unsqueeze")
def _unsqueeze(node: Node, inputs: Inputs) -> list[Value]:
    first, added = needed(inputs, 0), numbers(inputs, 1)
    rank = len(first.shape) + len(added)
    places = {axis_of(axis, rank) for axis in added}
    if len(places) != len(added):
        raise UnboundedError("with settings that do not fit")
    lengths = iter(first.shape)
    shape = [1 if axis in places else next(lengths) for axis in range(rank)]
    return [tensor(first.kind, shape, first.content)]


@rule("Squeeze")
def _squeeze(node: Node, inputs: Inputs) -> list[Value]:
    first = needed(inputs, 0)
    if len(inputs) > 1:
        places = {axis_of(axis, len(first.shape)) for axis in numbers(inputs, 1)}
    else:
        places = {axis for axis, length in enumerate(first.shape) if length == 1}
    if any(first.shape[axis] != 1 for axis in places):
        raise UnboundedError("of an impossible size")
    shape = [length for axis, length in enumerate(first.shape) if axis not in places]
    return [tensor(first.kind, shape, first.content)]


@rule("Concat")
def _concat(node: Node, inputs: Inputs) -> list[Value]:
    values = [needed(inputs, index) for index in range(len(inputs))]
    first = needed(values, 0)
    axis = axis_of(integer(node, "axis"), len(first.shape))
    for value in values:
        if len(value.shape) != len(first.shape) or any(
            a != b
            for place, (a, b) in enumerate(zip(value.shape, first.shape, strict=True))
            if place != axis
        ):
            raise UnboundedError("of sizes that do not fit")
    shape = list(first.shape)
    shape[axis] = sum(value.shape[axis] for value in values)
    contents = [value.content for value in values]
    content = None
    if len(shape) == 1 and None not in contents:
        content = [number for part in contents if part is not None for number in part]
    return [tensor(first.kind, shape, content)]


@rule("Split")
def _split(node: Node, inputs: Inputs) -> list[Value]:
    first, count = needed(inputs, 0), len(node.outputs)
    axis = axis_of(integer(node, "axis", 0), len(first.shape))
    length = first.shape[axis]
    if len(inputs) > 1 and inputs[1] is not None:
        lengths: Sequence[int] = numbers(inputs, 1)
        if node.attribute("num_outputs") is not None:
            raise UnboundedError("with settings that do not fit")
    else:
        if integer(node, "num_outputs") != count or not count:
            raise UnboundedError("with settings that do not fit")
        part = -(-length // count)
        lengths = [part] * (count - 1) + [length - part * (count - 1)]
    if len(lengths) != count or sum(lengths) != length:
        raise UnboundedError("of sizes that do not fit")
    return [
        tensor(first.kind, (*first.shape[:axis], part, *first.shape[axis + 1 :]))
        for part in lengths
    ]


@rule("Slice")
def _slice(node: Node, inputs: Inputs) -> list[Value]:
    first, starts, ends = needed(inputs, 0), numbers(inputs, 1), numbers(inputs, 2)
    axes = numbers(inputs, 3) if len(inputs) > 3 and inputs[3] else range(len(starts))
    steps = numbers(inputs, 4) if len(inputs) > 4 and inputs[4] else [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise UnboundedError("with settings that do not fit")
    places = [axis_of(axis, len(first.shape)) for axis in axes]
    if len(set(places)) != len(places):
        raise UnboundedError("with settings that do not fit")
    shape, content = list(first.shape), first.content
    for axis, start, end, step in zip(places, starts, ends, steps, strict=True):
        taken = range(first.shape[axis])[start:end:step]
        shape[axis] = len(taken)
        if content is not None:
            content = tuple(content[place] for place in taken) if len(shape) == 1 else None
    return [tensor(first.kind, shape, content)]


@rule("Gather")
def _gather(node: Node, inputs: Inputs) -> list[Value]:
    first, chosen = needed(inputs, 0), needed(inputs, 1)
    axis = axis_of(integer(node, "axis", 0), len(first.shape))
    content = None
    if first.content is not None and len(first.shape) == 1 and chosen.content is not None:
        places = [axis_of(place, first.shape[0]) for place in chosen.content]
        content = [first.content[place] for place in places]
    shape = (*first.shape[:axis], *chosen.shape, *first.shape[axis + 1 :])
    return [tensor(first.kind, shape, content)]


@rule("GatherElements")
def _gather_elements(node: Node, inputs: Inputs) -> list[Value]:
    first, chosen = needed(inputs, 0), needed(inputs, 1)
    axis = axis_of(integer(node, "axis", 0), len(first.shape))
    if len(first.shape) != len(chosen.shape) or any(
        wanted > there
        for place, (wanted, there) in enumerate(zip(chosen.shape, first.shape, strict=True))
        if place != axis
    ):
        raise UnboundedError("of sizes that do not fit")
    return [tensor(first.kind, chosen.shape)]


@rule("Pad")
def _pad(node: Node, inputs: Inputs) -> list[Value]:
    first, pads = needed(inputs, 0), numbers(inputs, 1)
    mode, rank = node.attribute("mode"), len(first.shape)
    if len(pads) != 2 * rank or len(inputs) > 3 or (mode is not None and mode.value != b"constant"):
        raise UnboundedError("with settings that do not fit")
    for length, before, after in zip(first.shape, pads[:rank], pads[rank:], strict=True):
        if min(before, 0) + min(after, 0) + length < 0 or -length > min(before, after):
            raise UnboundedError("of an impossible size")
    return [
        tensor(
            first.kind,
            [n + a + b for n, a, b in zip(first.shape, pads[:rank], pads[rank:], strict=True)],
        )
    ]


@rule("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum")
def _reduce(node: Node, inputs: Inputs) -> list[Value]:
    first, rank = needed(inputs, 0), len(needed(inputs, 0).shape)
    given = numbers(inputs, 1) if len(inputs) > 1 and inputs[1] else ()
    axes = integers(node, "axes", given)
    if not axes:
        axes = [] if integer(node, "noop_with_empty_axes", 0) else list(range(rank))
    places = {axis_of(axis, rank) for axis in axes}
    keep = integer(node, "keepdims", 1)
    shape = [1 if axis in places else n for axis, n in enumerate(first.shape)]
    if not keep:
        shape = [n for axis, n in enumerate(shape) if axis not in places]
    return [tensor(first.kind, shape)]
