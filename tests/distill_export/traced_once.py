"""Tracing, by far the longest part of an export, done once for every module of the run."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import onnx
import torch

from tests.once import Once

Trace = Callable[..., onnx.ModelProto]


def traced_once(trace: Trace, once: Once) -> Trace:
    """Return a `trace` that knows what it was asked before, by whatever process of the run.

    Two modules are the same if all that is in them is: weights, constants and settings.
    """

    def remember(module: torch.nn.Module, **options: Any) -> onnx.ModelProto:
        content = io.BytesIO()
        torch.save((module, options), content)
        key = hashlib.sha256(content.getvalue()).hexdigest()[:20]
        graph = once(f"graph-{key}", lambda _: trace(module, **options).SerializeToString())
        return onnx.ModelProto.FromString(graph)

    return remember
