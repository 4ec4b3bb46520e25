"""A torch module as a graph of torch.export, before ONNX or pt2 is made of it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from distill_export.graph.base import Synthesizer


def export_program(
    module: nn.Module, synthesizer: Synthesizer[Any]
) -> torch.export.ExportedProgram:
    """Follow a module that takes the contract's tensors, for any batch and any number of steps.

    Args:
        module: In eval mode.
        synthesizer: The module itself or what is inside of it, for the tensors' sizes.
    """
    dynamic = torch.export.Dim.DYNAMIC
    example = (
        torch.zeros(2, 3, synthesizer.decoder.latent_dim),
        torch.zeros(2, synthesizer.state_size),
        torch.tensor(True),
    )
    with quiet_tracer():
        return torch.export.export(
            module,
            example,
            dynamic_shapes=({0: dynamic, 1: dynamic}, {0: dynamic}, None),
            strict=False,
        )


@contextmanager
def quiet_tracer() -> Iterator[None]:
    """Keep the tracer's remarks from the user, who can do nothing about them."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
