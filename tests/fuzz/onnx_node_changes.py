"""Changes of nodes: operators, wiring, attributes."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from distill_runtime.artifact.trusted.operators import OPERATORS
from tests.fuzz.onnx_changes import (
    NUMBERS,
    Model,
    attribute_of,
    change,
    graph_of,
    node_of,
    same_constant,
)

_FOREIGN = ("If", "Loop", "ConstantOfShape", "NonZero", "Resize", "Tile", "RandomNormal", "Foo\n#")


@change
def _another_operator(model: Model, choices: random.Random) -> bool:
    node_of(model, choices).op_type = choices.choice([*sorted(OPERATORS), *_FOREIGN])
    return True


@change
def _a_domain(model: Model, choices: random.Random) -> bool:
    node_of(model, choices).domain = choices.choice(["com.microsoft", "x", "ai.onnx.ml"])
    return True


@change
def _another_input(model: Model, choices: random.Random) -> bool:
    graph = graph_of(model, choices)
    node = choices.choice([node for node in graph.node if node.input])
    others = [name for other in graph.node for name in (*other.input, *other.output)]
    place = choices.randrange(len(node.input))
    name = choices.choice([*others, "", "nowhere", "latents", "state"])
    if same_constant(model, node.input[place], name):
        return False
    node.input[place] = name
    return True


@change
def _swapped_inputs(model: Model, choices: random.Random) -> bool:
    node = node_of(model, choices)
    if len(node.input) < 2:
        return False
    first, second = choices.sample(range(len(node.input)), 2)
    if same_constant(model, node.input[first], node.input[second]):
        return False
    names = list(node.input)
    names[first], names[second] = names[second], names[first]
    node.input[:] = names
    return True


@change
def _an_input_more_or_less(model: Model, choices: random.Random) -> bool:
    node = node_of(model, choices)
    if node.input and choices.random() < 0.5:
        del node.input[choices.randrange(len(node.input))]
    else:
        node.input.append(choices.choice([*node.input, "", "latents"]))
    return True


@change
def _an_output_more_or_less(model: Model, choices: random.Random) -> bool:
    node = node_of(model, choices)
    if len(node.output) > 1 and choices.random() < 0.5:
        del node.output[-1]
    else:
        node.output.append("one_more")
    return True


@change
def _a_node_twice(model: Model, choices: random.Random) -> bool:
    graph = graph_of(model, choices)
    place = choices.randrange(len(graph.node))
    copy = onnx.NodeProto()
    copy.CopyFrom(graph.node[place])
    if choices.random() < 0.7:
        copy.output[:] = [f"copy_of_{name}" for name in copy.output]
    graph.node.insert(choices.choice([place, place + 1, len(graph.node)]), copy)
    return True


@change
def _a_node_less(model: Model, choices: random.Random) -> bool:
    graph = graph_of(model, choices)
    del graph.node[choices.randrange(len(graph.node))]
    return True


@change
def _nodes_in_another_order(model: Model, choices: random.Random) -> bool:
    graph = graph_of(model, choices)
    nodes = list(graph.node)
    first, second = choices.sample(range(len(nodes)), 2)
    nodes[first], nodes[second] = nodes[second], nodes[first]
    alike = [nodes[k].SerializeToString() for k in (first, second)]
    del graph.node[:]
    graph.node.extend(nodes)
    return alike[0] != alike[1]


@change
def _a_node_in_between(model: Model, choices: random.Random) -> bool:
    graph = graph_of(model, choices)
    place = choices.randrange(len(graph.node))
    node = graph.node[place]
    if not node.input or not node.input[0]:
        return False
    kind = choices.choice(["Identity", "Neg", "Relu", "Not", "Exp", "Div", "Expand"])
    second = [choices.choice(list(node.input))] if kind in ("Div", "Expand") else []
    graph.node.insert(place, helper.make_node(kind, [node.input[0], *second], ["between"]))
    graph.node[place + 1].input[0] = "between"
    return True


@change
def _another_integer_attribute(model: Model, choices: random.Random) -> bool:
    attribute = attribute_of(model, choices, "i")
    if attribute is None:
        return False
    attribute.i = choices.choice([*NUMBERS, attribute.i + 1, -attribute.i])
    return True


@change
def _other_integers_attribute(model: Model, choices: random.Random) -> bool:
    attribute = attribute_of(model, choices, "ints")
    if attribute is None:
        return False
    if attribute.ints and choices.random() < 0.8:
        attribute.ints[choices.randrange(len(attribute.ints))] = choices.choice(NUMBERS)
    else:
        attribute.ints.append(choices.choice(NUMBERS))
    return True


@change
def _another_text_or_float_attribute(model: Model, choices: random.Random) -> bool:
    attribute = attribute_of(model, choices, "s", "f")
    if attribute is None:
        return False
    if attribute.type == onnx.AttributeProto.STRING:
        attribute.s = choices.choice([b"SAME_UPPER", b"reflect", b"", b"\xff"])
    else:
        attribute.f = choices.choice([0.0, -1.0, float("nan"), float("inf"), attribute.f * 2])
    return True


@change
def _an_attribute_less(model: Model, choices: random.Random) -> bool:
    node = node_of(model, choices)
    if not node.attribute:
        return False
    del node.attribute[choices.randrange(len(node.attribute))]
    return True


@change
def _an_attribute_more(model: Model, choices: random.Random) -> bool:
    node = node_of(model, choices)
    value: Any = choices.choice([0, -1, 1.5, "text", [1, 2], [0.5], ["a"]])
    names = ["axis", "pads", "group", "auto_pad", "value", "to", "num_outputs", "x"]
    node.attribute.append(helper.make_attribute(choices.choice(names), value))
    return True


@change
def _an_attribute_of_another_kind(model: Model, choices: random.Random) -> bool:
    attribute = attribute_of(model, choices, "i", "ints", "s", "f")
    if attribute is None:
        return False
    kind = choices.choice(["type", "also an integer", "also a tensor", "refers"])
    if kind == "type":
        attribute.type = choices.choice([t for t in range(15) if t != attribute.type])
    elif kind == "also an integer":
        attribute.strings.append(b"more")
    elif kind == "also a tensor":
        attribute.t.CopyFrom(numpy_helper.from_array(np.ones(2, np.float32)))
    else:
        attribute.ref_attr_name = "outer"
    return True
