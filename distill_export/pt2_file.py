"""An artifact as a program of torch.export: the graph that ONNX is made of, in PyTorch's words."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path

import torch
from torch import nn

from distill_export.graph.refined_synthesizer import RefinedSynthesizer
from distill_export.graph.row_by_row import RowByRowDecoder
from distill_export.graph.synthesizer import Synthesizer


def save_pt2(synthesizer: Synthesizer | RefinedSynthesizer, path: Path, *, latent_dim: int) -> None:
    """Write the module as a `.pt2` file, without metadata.

    Args:
        synthesizer: In eval mode.
        path: Where to write.
        latent_dim: Length of a latent vector.
    """
    dynamic = torch.export.Dim.DYNAMIC
    example = (
        torch.zeros(2, 3, latent_dim),
        torch.zeros(2, synthesizer.state_size),
        torch.tensor(True),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks to those who write exporters
        program = torch.export.export(
            _Player(synthesizer).requires_grad_(False),
            example,
            dynamic_shapes=({0: dynamic, 1: dynamic}, {0: dynamic}, None),
            strict=False,
        )
        _strip(program)
        torch.export.save(program, path)


class _Player(nn.Module):
    """The contract's tensors, decoded row by row."""

    def __init__(self, synthesizer: Synthesizer | RefinedSynthesizer) -> None:
        super().__init__()
        self.synthesizer = copy.deepcopy(synthesizer)  # the caller's keeps its decoder
        self.synthesizer.decoder = RowByRowDecoder(self.synthesizer.decoder)

    def forward(
        self, latents: torch.Tensor, state: torch.Tensor, finish: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        audio, next_state, _ = self.synthesizer(latents, state, finish)
        return audio, next_state


def _strip(program: torch.export.ExportedProgram) -> None:
    """Remove what only debugging needs: stack traces (with paths of this machine), examples."""
    program.example_inputs = None
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            for node in module.graph.nodes:
                node.meta = {key: node.meta[key] for key in ("val",) if key in node.meta}
