"""An artifact in the making, for nn~ in Max, Pure Data and SuperCollider."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, Self

import torch

from distill_export.formats.nn_tilde.interface import NnTilde
from distill_export.formats.program import Handles, ProgramSource
from distill_export.formats.torch_program import TorchProgram, stored_entry
from distill_export.formats.torchscript import ScriptedStream, quiet_scripting, traced_step
from distill_runtime.artifact.torch_archive import FORMAT_ENTRY
from distill_runtime.contract import NN_TILDE

# Moves a second that are answered at once: each renders two steps, and one of "refined" is long.
_ANSWERS = {"learned": 10, "refined": 0}


class NnTildeProgram(TorchProgram):
    """A program for libtorch that keeps its own stream; it answers the contract's call, too."""

    format = NN_TILDE
    handles: Handles

    @classmethod
    def build(cls, source: ProgramSource, path: Path) -> Self:
        """Write the module and what moves its latent vector, see `TorchProgram`."""
        program = super().build(source, path)
        program.handles = source.handles
        return program

    @staticmethod
    def save(source: ProgramSource, path: Path) -> None:
        """Write the source's module as PyTorch does, without metadata."""
        synthesizer, handles = source.synthesizer, source.handles
        with quiet_scripting():
            step = _frozen(traced_step(synthesizer))
            module = NnTilde(
                step,
                ScriptedStream(step),
                handles,
                latent_dim=synthesizer.decoder.latent_dim,
                state_size=synthesizer.state_size,
                answers=_ANSWERS[synthesizer.reconstruction],
            )
            # Through memory: PyTorch opens only paths that are UTF-8.
            path.write_bytes(torch.jit.script(module).save_to_buffer())

    def write(self, document: str, *, name: str) -> None:
        """Add the metadata document, and that this is no plain TorchScript."""
        super().write(document, name=name)
        with zipfile.ZipFile(self.path, "a") as archive:
            archive.writestr(stored_entry(FORMAT_ENTRY), NN_TILDE)


def _frozen(step: Any) -> Any:
    """Make constants of a traced step's tensors: nn~ moves the others to a GPU if it likes.

    There the step could not be computed, for half of it was traced on the CPU and in float64.
    """
    frozen = torch.jit.freeze(
        step.eval(), preserved_attrs=["forward", "finish"], optimize_numerics=False
    )
    # Read back, for what was frozen cannot be part of another script as it is.
    return torch.jit.load(io.BytesIO(frozen.save_to_buffer()))
