"""A torch module as a graph of torch.export, before ONNX or pt2 is made of it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


def export_program(
    module: nn.Module, *, latent_dim: int, state_size: int
) -> torch.export.ExportedProgram:
    """Follow a module that takes the contract's tensors, for any batch and any number of steps.

    Args:
        module: In eval mode.
        latent_dim: Length of a latent vector.
        state_size: Length of a row's state.
    """
    dynamic = torch.export.Dim.DYNAMIC
    example = (
        torch.zeros(2, 3, latent_dim),
        torch.zeros(2, state_size),
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
