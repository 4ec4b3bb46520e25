"""An artifact as TorchScript: one step of one row is traced, a scripted loop plays the rest."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from distill_export.formats.program import ProgramSource
from distill_export.formats.torch_program import TorchProgram
from distill_export.graph.base import Synthesizer
from distill_runtime.contract import TORCHSCRIPT


class TorchScriptProgram(TorchProgram):
    """A program for libtorch."""

    format = TORCHSCRIPT

    @staticmethod
    def save(source: ProgramSource, path: Path) -> None:
        """Write the module as TorchScript, see `TorchProgram`."""
        with quiet_scripting():
            script = torch.jit.script(ScriptedStream(traced_step(source.synthesizer)))
            # Through memory: PyTorch opens only paths that are UTF-8.
            path.write_bytes(script.save_to_buffer())


@contextmanager
def quiet_scripting() -> Iterator[None]:
    """Keep from the user that shapes became constants, as they should, and that torch is old."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def traced_step(synthesizer: Synthesizer[Any]) -> Any:
    """Trace one step of one row of a module in eval mode, within `quiet_scripting`.

    Returns:
        A module of TorchScript: called, it goes on, and its method `finish` ends the stream. Both
        take a latent `[1, 1, latent_dim]` and a state `[1, state_size]`, and return audio and the
        next state.
    """
    latent = torch.zeros(1, 1, synthesizer.decoder.latent_dim)
    example = latent, torch.zeros(1, synthesizer.state_size)
    return torch.jit.trace_module(
        _Step(synthesizer).requires_grad_(False),
        {"forward": example, "finish": example},
        check_trace=False,  # verification compares what was written
    )


class _Step(nn.Module):
    """One step of one row. Two methods, because tracing sees only what a call does: one ends."""

    def __init__(self, synthesizer: Synthesizer[Any]) -> None:
        super().__init__()
        self.synthesizer = synthesizer

    def forward(
        self, latent: torch.Tensor, state: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        audio, next_state, _ = self.synthesizer(latent, state, torch.tensor(False))
        return audio, next_state

    def finish(
        self, latent: torch.Tensor, state: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        audio, next_state, _ = self.synthesizer(latent, state, torch.tensor(True))
        return audio, next_state


class ScriptedStream(nn.Module):
    """The contract's tensors: rows and steps one by one, so that no sound depends on the others.

    With them all at once the decoder's rounding would depend on how many there are, and a stream's
    sound on how it is cut; and no shape in a step is anything but constant.
    """

    def __init__(self, step: Any) -> None:
        super().__init__()
        self.step = step

    def forward(
        self, latents: torch.Tensor, state: torch.Tensor, finish: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Play the next steps of every row, as the contract has it."""
        ends = bool(finish)
        steps = latents.size(1)
        sounds: list[torch.Tensor] = []
        states: list[torch.Tensor] = []
        for row in range(latents.size(0)):
            blocks: list[torch.Tensor] = []
            row_state = state[row : row + 1]
            for i in range(steps):
                latent = latents[row : row + 1, i : i + 1]
                if ends and i == steps - 1:
                    audio, row_state = self.step.finish(latent, row_state)
                else:
                    audio, row_state = self.step(latent, row_state)
                blocks.append(audio)
            sounds.append(torch.cat(blocks, dim=1))
            states.append(row_state)
        return torch.cat(sounds), torch.cat(states)
