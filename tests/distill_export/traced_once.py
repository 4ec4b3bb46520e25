"""Tracing, by far the longest part of an export, done once for all modules that are built alike."""

from __future__ import annotations

import copy
import hashlib
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper

from tests.once import Once

Trace = Callable[..., onnx.ModelProto]


def traced_once(trace: Trace, once: Once) -> Trace:
    """Return a `trace` that knows what it was asked before, by whatever process of the run.

    Two modules are built alike if all that is in them is the same but for the numbers that a graph
    holds as they are, under their names: those are put into the graph of the first.
    """

    def remember(module: torch.nn.Module, **options: Any) -> onnx.ModelProto:
        def make(_: Path) -> tuple[bytes, str]:
            model = trace(module, **options)
            return model.SerializeToString(), _fixed(module, held_names(module, model))

        key = _digest(_without_numbers(module), options)
        content, fixed = once(f"graph-{key}", make)
        model = onnx.ModelProto.FromString(content)
        held = {tensor.name for tensor in model.graph.initializer} & set(_numbers(module))
        if _fixed(module, held) != fixed:  # another number was worked into the graph
            content = once(f"graph-{key}-{_digest(module)}", lambda folder: make(folder)[0])
            return onnx.ModelProto.FromString(content)
        return with_numbers(model, module)

    return remember


def held_names(module: torch.nn.Module, model: onnx.ModelProto) -> set[str]:
    """Return the names of a module's numbers that a graph holds as they are."""
    numbers = _numbers(module)
    held = set()
    for tensor in model.graph.initializer:
        if tensor.name in numbers:
            assert _raw(numbers[tensor.name]) == _raw_of(tensor), f"{tensor.name} is changed"
            held.add(tensor.name)
    return held


def with_numbers(model: onnx.ModelProto, module: torch.nn.Module) -> onnx.ModelProto:
    """Put a module's numbers into a graph of one that is built alike."""
    numbers = _numbers(module)
    for tensor in model.graph.initializer:
        if tensor.name in numbers:
            tensor.CopyFrom(numpy_helper.from_array(numbers[tensor.name].numpy(), tensor.name))
    return model


def _numbers(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return a module's parameters and buffers, by name."""
    return {name: tensor.detach() for name, tensor in module.state_dict().items()}


def _without_numbers(module: torch.nn.Module) -> torch.nn.Module:
    """Return a copy without the numbers that nothing else of it can equal.

    The optimizer makes equal constants one: of those the values decide how a graph is built.
    """
    bare = copy.deepcopy(module)
    numbers = _numbers(bare)
    times = Counter(map(_raw, numbers.values()))
    unlike = [n for n in numbers.values() if times[_raw(n)] == 1 and len(n.unique()) > 1]
    for tensor in unlike:
        tensor.zero_()
    return bare


def _fixed(module: torch.nn.Module, held: set[str]) -> str:
    """Return a digest of the numbers that a graph does not hold."""
    return _digest(
        {name: _raw(tensor) for name, tensor in _numbers(module).items() if name not in held}
    )


def _raw(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().numpy().tobytes()


def _raw_of(tensor: onnx.TensorProto) -> bytes:
    return numpy_helper.to_array(tensor).tobytes()


def _digest(*content: Any) -> str:
    file = io.BytesIO()
    torch.save(content, file)
    return hashlib.sha256(file.getvalue()).hexdigest()[:20]
