"""What renders a program under test, as whoever plays the file will."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import singledispatch
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
import torch

from distill_export.formats.nn_tilde.program import NnTildeProgram
from distill_export.formats.onnx_graph import with_mel_output
from distill_export.formats.onnx_program import OnnxProgram
from distill_export.formats.program import Program
from distill_export.formats.torch_program import TorchProgram
from distill_export.formats.triton.program import TritonProgram
from distill_export.graph.base import Synthesizer
from distill_export.verify.blocks import check_blocks
from distill_export.verify.fresh_process import FreshProcess
from distill_export.verify.graph_session import GraphSession, render_in_pieces
from distill_export.verify.sequences import check_sequences
from distill_runtime.arrays import Float32Array
from distill_runtime.contract import RECONSTRUCTIONS


class Renderer(Protocol):
    """Renders whole streams of a program."""

    def render(
        self, latents: Float32Array, pieces: Sequence[int] | None = None
    ) -> tuple[Float32Array, Float32Array]:
        """Render `[batch, steps, latent_dim]` in pieces of so many steps, or in one.

        Returns:
            Audio `[batch, samples]` and mel frames `[batch, 2, n_mels, frames]`, both whole.

        Raises:
            VerificationError: The program cannot be run, or breaks the contract.
        """

    def check(self) -> None:
        """See that whatever else is called in such a program does what it should.

        Raises:
            VerificationError: It does not.
        """


@singledispatch
def open_renderer(
    program: Program, synthesizer: Synthesizer[Any]
) -> AbstractContextManager[Renderer]:
    """Return what renders a program that was made of a module, for a `with` block."""
    raise NotImplementedError(f"nothing renders {program.format}")


@open_renderer.register(OnnxProgram)
def _(program: OnnxProgram, synthesizer: Synthesizer[Any]) -> AbstractContextManager[Renderer]:
    return nullcontext(GraphRenderer(program, synthesizer))


@open_renderer.register(TritonProgram)
def _(program: TritonProgram, synthesizer: Synthesizer[Any]) -> AbstractContextManager[Renderer]:
    return nullcontext(TritonRenderer(program, synthesizer))


@open_renderer.register(TorchProgram)
def _(program: TorchProgram, synthesizer: Synthesizer[Any]) -> AbstractContextManager[Renderer]:
    return FileRenderer(program, synthesizer)


@open_renderer.register(NnTildeProgram)
def _(program: NnTildeProgram, synthesizer: Synthesizer[Any]) -> AbstractContextManager[Renderer]:
    return NnTildeRenderer(program, synthesizer)


class GraphRenderer:
    """The graph in onnxruntime, with its mel frames as an output."""

    def __init__(self, program: OnnxProgram, synthesizer: Synthesizer[Any]) -> None:
        self._session = GraphSession(with_mel_output(program.model, n_mels=synthesizer.grid.n_mels))

    def render(
        self, latents: Float32Array, pieces: Sequence[int] | None = None
    ) -> tuple[Float32Array, Float32Array]:
        """Render whole streams, see `Renderer`."""
        session = self._session
        results = render_in_pieces(session.step, latents, pieces, state_size=session.state_size)
        sounds, _, mels = zip(*results, strict=True)
        return np.concatenate(sounds, axis=1), np.concatenate(mels, axis=3)

    def check(self) -> None:
        """Do nothing: there is nothing else."""


class TritonRenderer(GraphRenderer):
    """The graph, and what Triton is given of it."""

    def __init__(self, program: TritonProgram, synthesizer: Synthesizer[Any]) -> None:
        super().__init__(program, synthesizer)
        self._program = program

    def check(self) -> None:
        """Compare sequences of requests with the artifact, see `check_sequences`."""
        check_sequences(self._program)


class FileRenderer:
    """The file in a fresh process, and the mel frames that its audio must have come from.

    The file gives no mel frames: they are the module's, decoded vector by vector as the file does.
    Were its own others by as little as 1e-6, its sound would miss the one that theirs makes.
    """

    def __init__(self, program: TorchProgram, synthesizer: Synthesizer[Any]) -> None:
        self.process = FreshProcess(program.path, program.format)
        self._synthesizer = synthesizer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.close()

    def render(
        self, latents: Float32Array, pieces: Sequence[int] | None = None
    ) -> tuple[Float32Array, Float32Array]:
        """Render whole streams, see `Renderer`."""
        audio = self.process.render(latents, pieces, state_size=self._synthesizer.state_size)
        mel = self._mel(torch.from_numpy(np.ascontiguousarray(latents)))
        return audio, mel.numpy()

    def check(self) -> None:
        """Do nothing: there is nothing else."""

    def _mel(self, latents: torch.Tensor) -> torch.Tensor:
        batch, steps, _ = latents.shape
        decoder, overlap_add = self._synthesizer.decoder, self._synthesizer.chunk_overlap_add
        with torch.inference_mode():
            chunks = torch.cat([decoder(latent[None]) for latent in latents.flatten(0, 1)])
            chunks = chunks.unflatten(0, (batch, steps))
            tail = torch.zeros_like(chunks[:, 0, ..., : overlap_add.hop_frames])
            fresh = torch.zeros(batch, dtype=torch.bool)
            mel: torch.Tensor
            mel, _ = overlap_add(chunks, tail, fresh, torch.tensor(True), 1)
        return mel


class NnTildeRenderer(FileRenderer):
    """A file for nn~: besides the contract's call, its methods have to play what that plays."""

    def __init__(self, program: NnTildeProgram, synthesizer: Synthesizer[Any]) -> None:
        super().__init__(program, synthesizer)
        self._handles = program.handles
        self._floor_db = RECONSTRUCTIONS[synthesizer.reconstruction].min_streaming_snr_db

    def check(self) -> None:
        """Compare what the methods play in blocks with one shot, see `check_blocks`."""
        check_blocks(
            self.process.play,
            lambda latents: self.render(latents)[0],
            self._handles,
            latent_dim=self._synthesizer.decoder.latent_dim,
            floor_db=self._floor_db,
        )
