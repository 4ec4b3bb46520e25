"""Changes of constants: what they hold, their sizes and types, and how they are held."""

from __future__ import annotations

import random

import numpy as np
from onnx import TensorProto, numpy_helper

from tests.fuzz.onnx_changes import NUMBERS, SMALL, Model, change, small_constant

_MODELS_OWN = ("decoder.", "stream.expander.")  # what these hold, a model may choose


@change
def _another_small_integer(model: Model, choices: random.Random) -> bool:
    tensor = small_constant(model, choices, TensorProto.INT64, TensorProto.BOOL, TensorProto.UINT8)
    if tensor is None or not tensor.raw_data:
        return False
    values = numpy_helper.to_array(tensor).copy()
    number = choices.choice(NUMBERS)
    place = choices.randrange(values.size)
    if values.dtype == np.int64:
        values.flat[place] = number
    else:
        values.flat[place] = values.flat[place] ^ 1
    tensor.raw_data = values.tobytes()
    return True


@change
def _another_entry_of_a_table(model: Model, choices: random.Random) -> bool:
    tables = [
        tensor
        for tensor in model.graph.initializer
        if tensor.data_type in (TensorProto.INT64, TensorProto.UINT8)
        and int(np.prod(tensor.dims)) > SMALL
        and not tensor.name.startswith("decoder.")
    ]
    if not tables:
        return False
    tensor = choices.choice(tables)
    values = numpy_helper.to_array(tensor).copy()
    values.flat[choices.randrange(values.size)] ^= choices.choice([1, 2, 64])
    tensor.raw_data = values.tobytes()
    return True


@change
def _another_constant_of_signal_processing(model: Model, choices: random.Random) -> bool:
    tensors = [
        tensor
        for tensor in model.graph.initializer
        if tensor.data_type in (TensorProto.FLOAT, TensorProto.DOUBLE)
        and tensor.dims
        and not tensor.name.startswith(_MODELS_OWN)
    ]
    tensor = choices.choice(tensors)
    values = numpy_helper.to_array(tensor).copy()
    # An eighth of all there is, where one number alone may be a rounding.
    step = float(np.linalg.norm(values)) / 8
    values.flat[choices.randrange(values.size)] += choices.choice([-1, 1]) * step
    tensor.raw_data = values.tobytes()
    return True


@change
def _a_weight_without_numbers(model: Model, choices: random.Random) -> bool:
    kinds = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)
    tensor = choices.choice([t for t in model.graph.initializer if t.data_type in kinds])
    values = numpy_helper.to_array(tensor).copy()
    values.flat[choices.randrange(values.size)] = choices.choice([np.nan, np.inf, -np.inf])
    tensor.raw_data = values.tobytes()
    return True


@change
def _other_sizes_of_a_constant(model: Model, choices: random.Random) -> bool:
    tensor = choices.choice([t for t in model.graph.initializer if t.dims])
    kind = choices.choice(["one", "swap", "more", "less"])
    if kind == "one":
        tensor.dims[choices.randrange(len(tensor.dims))] = abs(choices.choice(NUMBERS[1:-1]))
    elif kind == "swap":
        tensor.dims[:] = reversed(tensor.dims)
    elif kind == "more":
        tensor.dims.insert(choices.randrange(len(tensor.dims) + 1), 1)
    else:
        del tensor.dims[0]
    return True


@change
def _another_type_of_a_constant(model: Model, choices: random.Random) -> bool:
    tensor = choices.choice(model.graph.initializer)
    tensor.data_type = choices.choice([k for k in range(24) if k != tensor.data_type])
    return True


@change
def _a_constant_held_otherwise(model: Model, choices: random.Random) -> bool:
    tensor = choices.choice(model.graph.initializer)
    kind = choices.choice(["external", "place", "short", "long", "twice", "segment", "doc"])
    if kind == "external":
        tensor.external_data.add(key="location", value="../secret")
    elif kind == "place":
        tensor.data_location = TensorProto.EXTERNAL
    elif kind == "short":
        tensor.raw_data = tensor.raw_data[:-1]
    elif kind == "long":
        tensor.raw_data += b"\0"
    elif kind == "twice":
        tensor.int64_data.append(1)
    elif kind == "segment":
        tensor.segment.begin = 1
    else:
        tensor.doc_string = "d"
    return True


@change
def _a_constant_more_or_less(model: Model, choices: random.Random) -> bool:
    initializers = model.graph.initializer
    if choices.random() < 0.5:
        del initializers[choices.randrange(len(initializers))]
        return True
    copy = TensorProto()
    copy.CopyFrom(choices.choice(initializers))
    copy.name = choices.choice([copy.name, "one_more", "latents", "mel"])
    initializers.append(copy)
    return True
