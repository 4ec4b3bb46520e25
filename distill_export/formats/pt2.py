"""An artifact as a program of torch.export: the graph that ONNX is made of, in PyTorch's words."""

from __future__ import annotations

import copy
import io
from pathlib import Path
from typing import Any

import torch
from torch import nn

from distill_export.formats.program import ProgramSource
from distill_export.formats.torch_program import TorchProgram
from distill_export.formats.tracing import export_program, quiet_tracer
from distill_export.graph.base import Synthesizer
from distill_export.graph.decoder.row_by_row import RowByRowDecoder
from distill_runtime.contract import PT2


class Pt2Program(TorchProgram):
    """A program for PyTorch in Python."""

    format = PT2

    @staticmethod
    def save(source: ProgramSource, path: Path) -> None:
        """Write the module as a `.pt2` file, see `TorchProgram`."""
        synthesizer = source.synthesizer
        program = export_program(_RowByRow(synthesizer).requires_grad_(False), synthesizer)
        with quiet_tracer():
            _strip(program)
            content = io.BytesIO()  # PyTorch opens only paths that are UTF-8
            torch.export.save(program, content)
        path.write_bytes(content.getbuffer())


class _RowByRow(nn.Module):
    """The contract's tensors, decoded row by row."""

    def __init__(self, synthesizer: Synthesizer[Any]) -> None:
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
