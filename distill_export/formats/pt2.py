"""An artifact as a program of torch.export: the graph that ONNX is made of, in PyTorch's words."""

from __future__ import annotations

import copy
import io
from pathlib import Path

import torch
from torch import nn

from distill_export.formats.tracing import export_program, quiet_tracer
from distill_export.graph.decoder.row_by_row import RowByRowDecoder
from distill_export.graph.learned.synthesizer import Synthesizer
from distill_export.graph.refined.synthesizer import RefinedSynthesizer


def save_pt2(synthesizer: Synthesizer | RefinedSynthesizer, path: Path, *, latent_dim: int) -> None:
    """Write the module as a `.pt2` file, without metadata.

    Args:
        synthesizer: In eval mode.
        path: Where to write.
        latent_dim: Length of a latent vector.
    """
    player = _Player(synthesizer).requires_grad_(False)
    program = export_program(player, latent_dim=latent_dim, state_size=synthesizer.state_size)
    with quiet_tracer():
        _strip(program)
        content = io.BytesIO()  # PyTorch opens only paths that are UTF-8
        torch.export.save(program, content)
    path.write_bytes(content.getbuffer())


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
