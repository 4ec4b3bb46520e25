"""The graph as an ONNX file: traced from the torch module, then stripped to what a host needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import onnx
import torch
from onnx import TensorProto, helper

from distill_export import __version__
from distill_export.formats.quick_rewriting import quick_rewriting
from distill_export.formats.tracing import export_program, quiet_tracer
from distill_export.graph.base import Synthesizer
from distill_export.graph.decoder.integer_ops import TRANSLATIONS
from distill_runtime import contract

OPSET = 18

# What opset 18 came with. Later IR versions add types and functions of which nothing is used here,
# and onnxruntime refuses a version that it does not know: with 10 it would have to be 1.18.
IR_VERSION = 8


def trace(synthesizer: Synthesizer[Any]) -> onnx.ModelProto:
    """Trace the module to an ONNX model without metadata.

    Args:
        synthesizer: In eval mode.

    Returns:
        A model whose inputs, outputs and dynamic dimensions are named as in the contract, and in
        which `mel` is a value inside.
    """
    exported = export_program(synthesizer, synthesizer)
    with quiet_tracer(), quick_rewriting():
        program = torch.onnx.export(
            exported,
            dynamo=True,
            opset_version=OPSET,
            input_names=[contract.LATENTS, contract.STATE, contract.FINISH],
            output_names=[contract.AUDIO, contract.NEXT_STATE, contract.MEL],
            custom_translation_table=TRANSLATIONS,
            verbose=False,
        )
    assert program is not None, "dynamo's exporter returns a program"
    model: onnx.ModelProto = program.model_proto
    _strip(model)
    _merge_constants(model, keep=set(synthesizer.state_dict()))
    _remove_unused(model)
    _declare_tensors(
        model, latent_dim=synthesizer.decoder.latent_dim, state_size=synthesizer.state_size
    )
    model.ir_version = IR_VERSION
    model.producer_name = "distill-export"
    model.producer_version = __version__
    onnx.checker.check_model(model, full_check=True)
    return model


def with_mel_output(model: onnx.ModelProto, *, n_mels: int) -> onnx.ModelProto:
    """Return a copy of a model whose inner value `mel` is an output too."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.graph.output.append(_mel_info(n_mels))
    return copy


def with_mel_input(model: onnx.ModelProto, *, n_mels: int) -> onnx.ModelProto:
    """Return a copy of a model that is given its mel frames instead of decoding them.

    The input `mel` is `[batch, 2, n_mels, frames]`, as many frames as the graph would have made
    there. The latents still say how many steps there are.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for node in copy.graph.node:
        node.output[:] = ["unused" if name == contract.MEL else name for name in node.output]
    copy.graph.input.append(_mel_info(n_mels))
    return copy


def only_mel(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of a model that stops at its inner value `mel`, its only output."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    needed = {contract.MEL}
    kept = []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    del copy.graph.node[:], copy.graph.output[:]
    copy.graph.node.extend(reversed(kept))
    copy.graph.output.append(_mel_info("bands"))
    held = [tensor for tensor in model.graph.initializer if tensor.name in needed]
    del copy.graph.initializer[:]
    copy.graph.initializer.extend(held)
    return copy


def weight_bytes(model: onnx.ModelProto) -> int:
    """Return how much a model's decoder holds; the rest are constants of signal processing."""
    tensors = model.graph.initializer
    return sum(len(tensor.raw_data) for tensor in tensors if tensor.name.startswith("decoder."))


def set_metadata(model: onnx.ModelProto, document: str) -> None:
    """Put the metadata document into a model, in place of the one it has."""
    helper.set_model_props(model, {contract.METADATA_KEY: document})


def _mel_info(n_mels: int | str) -> onnx.ValueInfoProto:
    shape: list[str | int | None] = ["batch", 2, n_mels, "frames"]
    return helper.make_tensor_value_info(contract.MEL, TensorProto.FLOAT, shape)


def _strip(model: onnx.ModelProto) -> None:
    """Remove what only debugging needs: stack traces (with paths of this machine) and shapes."""
    del model.metadata_props[:]
    model.ClearField("doc_string")
    model.ClearField("domain")
    model.graph.name = "distill"
    _strip_graph(model.graph)


def _strip_graph(graph: onnx.GraphProto) -> None:
    graph.ClearField("doc_string")
    for part in (graph, *graph.node, *graph.initializer, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    del graph.value_info[:]
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _strip_graph(attribute.g)


def _merge_constants(model: onnx.ModelProto, *, keep: set[str]) -> None:
    """Let equal constants that the tracer made be one; what a module holds keeps its name."""
    graph = model.graph
    first: dict[tuple[int, tuple[int, ...], bytes], str] = {}
    merged: dict[str, str] = {}
    for tensor in graph.initializer:
        if tensor.name not in keep and tensor.raw_data:
            value = tensor.data_type, tuple(tensor.dims), tensor.raw_data
            merged[tensor.name] = first.setdefault(value, tensor.name)
    kept = [
        tensor
        for tensor in graph.initializer
        if merged.get(tensor.name, tensor.name) == tensor.name
    ]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    _rename_inputs(graph, merged)


def _rename_inputs(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename_inputs(attribute.g, names)


def _remove_unused(model: onnx.ModelProto) -> None:
    """Remove constants that nothing takes: hosts are warned of each whenever they load the file."""
    graph = model.graph
    used = set(_inputs(graph))
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _inputs(graph: onnx.GraphProto) -> Iterator[str]:
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _inputs(attribute.g)
                yield from (value.name for value in attribute.g.output)


def _declare_tensors(model: onnx.ModelProto, *, latent_dim: int, state_size: int) -> None:
    float32, boolean = TensorProto.FLOAT, TensorProto.BOOL
    state_shape: list[str | int | None] = ["batch", state_size]
    tensors: dict[str, tuple[int, list[str | int | None]]] = {
        contract.LATENTS: (float32, ["batch", "steps", latent_dim]),
        contract.STATE: (float32, state_shape),
        contract.FINISH: (boolean, []),
        contract.AUDIO: (float32, ["batch", "samples"]),
        contract.NEXT_STATE: (float32, state_shape),
    }
    infos = {
        name: helper.make_tensor_value_info(name, kind, shape)
        for name, (kind, shape) in tensors.items()
    }
    graph = model.graph
    del graph.input[:]
    graph.input.extend(
        [infos[name] for name in (contract.LATENTS, contract.STATE, contract.FINISH)]
    )
    del graph.output[:]
    graph.output.extend([infos[name] for name in (contract.AUDIO, contract.NEXT_STATE)])
