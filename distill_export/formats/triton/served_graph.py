"""The graph as Triton's sequence batcher calls it: one sequence at a time, its end in a vector."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

from distill_runtime import contract


def served_graph(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of a graph whose tensors are those that Triton can feed.

    `finish`, a scalar, becomes `end`, a vector of one: Triton's backend for ONNX Runtime takes no
    control of another shape. The batch is 1 in every tensor: `finish` is for all rows alike, and
    the sequences that Triton would put into one batch end when they like.
    Nothing else changes: weights, values inside and metadata are those of the artifact.

    Args:
        model: A graph with the contract's tensors.
    """
    served = onnx.ModelProto()
    served.CopyFrom(model)
    graph = served.graph
    for tensor in [*graph.input, *graph.output]:
        dims = tensor.type.tensor_type.shape.dim
        if dims:
            dims[0].dim_value = 1
    at = [tensor.name for tensor in graph.input].index(contract.FINISH)
    graph.input[at].CopyFrom(helper.make_tensor_value_info(contract.END, TensorProto.BOOL, [1]))
    graph.node.insert(0, helper.make_node("Squeeze", [contract.END], [contract.FINISH]))
    onnx.checker.check_model(served, full_check=True)
    return served
