"""Changes of the rest of a file, and changes that change nothing."""

from __future__ import annotations

import json
import random

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from distill_runtime import contract
from tests.fuzz.onnx_changes import (
    NUMBERS,
    Model,
    change,
    graph_of,
    no_change,
    node_of,
    rename,
)


@change
def _something_sparse(model: Model, choices: random.Random) -> bool:
    values = numpy_helper.from_array(np.ones(1, np.float32), "sparse")
    indices = numpy_helper.from_array(np.zeros(1, np.int64), "indices")
    size = choices.choice([1, 1000, 2**40])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [size]))
    return True


@change
def _another_input_or_output(model: Model, choices: random.Random) -> bool:
    graph = graph_of(model, choices)
    values = choices.choice([graph.input, graph.output])
    place = choices.randrange(len(values))
    value, kind = values[place], choices.choice(["type", "size", "letter", "name", "less", "more"])
    dims = value.type.tensor_type.shape.dim
    if kind == "type":
        value.type.tensor_type.elem_type = choices.choice(range(1, 17))
    elif kind == "size" and dims:
        choices.choice(dims).dim_value = abs(choices.choice(NUMBERS[1:]))
    elif kind == "letter" and len(dims) > 1:
        first, second = choices.sample(range(len(dims)), 2)
        dims[first].dim_param = dims[second].dim_param or "other"
    elif kind == "name":
        value.name = choices.choice([v.name for v in values if v is not value] + ["renamed"])
    elif kind == "less":
        del values[place]
    else:
        values.add().CopyFrom(value)
    return True


@change
def _a_declared_value(model: Model, choices: random.Random) -> bool:
    graph = graph_of(model, choices)
    name = choices.choice([name for node in graph.node for name in node.output])
    shape = [choices.choice([1, 2**31])]
    graph.value_info.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    return True


@change
def _something_of_the_model(model: Model, choices: random.Random) -> bool:
    kind = choices.choice(["opset", "domain", "IR", "function", "training", "metadata", "producer"])
    if kind == "opset":
        model.opset_import[0].version = choices.choice([1, 13, 17, 19, 20, 21, 2**40])
    elif kind == "domain":
        model.opset_import.add(domain="com.microsoft", version=1)
    elif kind == "IR":
        model.ir_version = choices.choice([1, 7, 9, 10, 11, 2**40])
    elif kind == "function":
        model.functions.add(name="f", domain="d")
    elif kind == "training":
        model.training_info.add().algorithm.name = "t"
    elif kind == "metadata":
        model.metadata_props.add(key="ort_config", value="{}")
    else:
        model.producer_name = "another"
    return True


@change
def _what_the_document_says_of_the_graph(model: Model, choices: random.Random) -> bool:
    (entry,) = model.metadata_props
    document = json.loads(entry.value)
    key = choices.choice(
        ["latent_dim", "state_size", "latency_samples", "reconstruction", "format"]
    )
    document[key] = choices.choice([*NUMBERS, "learned", "refined", "float64", None, []])
    if document == json.loads(entry.value):
        return False
    entry.value = json.dumps(document)
    return True


@no_change
def _a_value_of_another_name(model: Model, choices: random.Random) -> bool:
    names = [name for node in model.graph.node for name in node.output]
    kept = {contract.MEL, contract.AUDIO, contract.NEXT_STATE}
    name = choices.choice([name for name in names if name not in kept])
    rename(model.graph, name, f"renamed_{name}")
    return True


@no_change
def _a_constant_of_another_name(model: Model, choices: random.Random) -> bool:
    tensor = choices.choice(model.graph.initializer)
    new = f"renamed_{tensor.name}"
    rename(model.graph, tensor.name, new)
    tensor.name = new
    return True


@no_change
def _a_nodes_name(model: Model, choices: random.Random) -> bool:
    node_of(model, choices).name = choices.choice(["", "n", "x" * 1000])
    return True


@no_change
def _constants_in_another_order(model: Model, choices: random.Random) -> bool:
    tensors = list(model.graph.initializer)
    choices.shuffle(tensors)
    del model.graph.initializer[:]
    model.graph.initializer.extend(tensors)
    return True


@no_change
def _another_weight(model: Model, choices: random.Random) -> bool:
    kinds = (TensorProto.FLOAT, TensorProto.FLOAT16)
    weights = [
        tensor
        for tensor in model.graph.initializer
        if tensor.data_type in kinds and tensor.name.startswith("decoder.") and tensor.dims
    ]
    tensor = choices.choice(weights)
    values = numpy_helper.to_array(tensor).copy()
    values.flat[choices.randrange(values.size)] = choices.choice([0.0, -1.0, 1000.0])
    tensor.raw_data = values.tobytes()
    return True
