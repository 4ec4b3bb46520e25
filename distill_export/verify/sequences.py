"""Holding a graph that Triton serves against the artifact that it was made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from distill_export.formats.triton.program import TritonProgram
from distill_export.verify.graph_session import GraphSession, render_in_pieces
from distill_runtime import contract
from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.session import (
    SessionOptions,
    open_session_from_bytes,
    run_session,
)
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.errors import VerificationError

_PIECES = ((1, 3, 2), (4, 1, 1), (6,), (1, 1, 1, 1, 1, 1))  # steps of each request of a sequence


class SequenceBatcher:
    """Triton's sequence batcher, as far as the graph can tell it from the real one.

    It keeps the state of each sequence from one request to the next, gives zeros to one that
    starts, and says to the graph whether it ends.
    """

    def __init__(self, served: onnx.ModelProto) -> None:
        self._session = open_session_from_bytes(served.SerializeToString(), SessionOptions())
        shapes = {tensor.name: tensor.shape for tensor in self._session.get_inputs()}
        self._zeros = np.zeros(shapes[contract.STATE], np.float32)
        self._states: dict[int, Float32Array] = {}

    def request(
        self, sequence: int, latents: Float32Array, *, start: bool = False, end: bool = False
    ) -> Float32Array:
        """Return the answer to one request.

        Args:
            sequence: Its number, Triton's correlation id.
            latents: `[1, steps, latent_dim]`.
            start: Whether it is the sequence's first.
            end: Whether it is its last: then the held-back tail comes with it.

        Returns:
            Audio `[1, samples]`.
        """
        state = self._zeros if start else self._states.pop(sequence)
        feeds = {contract.LATENTS: latents, contract.STATE: state, contract.END: np.array([end])}
        audio, next_state = run_session(self._session, [contract.AUDIO, contract.NEXT_STATE], feeds)
        if not end:
            self._states[sequence] = next_state
        return np.asarray(audio)


def check_sequences(program: TritonProgram) -> None:
    """Play sequences that begin and end beside each other, and compare them with the artifact.

    Each is cut otherwise into requests, and is to be, bit for bit, what the artifact plays of the
    same pieces.

    Raises:
        VerificationError: One is not.
    """
    artifact, batcher = GraphSession(program.model), SequenceBatcher(program.served())
    trajectories = [
        standard_normal_latents(seed, sum(pieces), program.latent_dim)[None]
        for seed, pieces in enumerate(_PIECES)
    ]
    expected = [
        np.concatenate([audio for audio, _ in results], axis=1)
        for results in (
            render_in_pieces(artifact.step, latents, pieces, state_size=artifact.state_size)
            for latents, pieces in zip(trajectories, _PIECES, strict=True)
        )
    ]
    for sequence, (found, wanted) in enumerate(
        zip(_played(batcher, trajectories), expected, strict=True)
    ):
        if not np.array_equal(found, wanted):
            raise VerificationError(
                f"served in {len(_PIECES[sequence])} requests, the sound is not the artifact's; "
                "nothing was written"
            )


def _played(batcher: SequenceBatcher, trajectories: Sequence[Float32Array]) -> list[Float32Array]:
    """Return what sequences sound like whose requests come in turn, one of each."""
    heard: list[list[Float32Array]] = [[] for _ in trajectories]
    for turn in range(max(map(len, _PIECES))):
        for sequence, (latents, pieces) in enumerate(zip(trajectories, _PIECES, strict=True)):
            if turn < len(pieces):
                first = sum(pieces[:turn])
                audio = batcher.request(
                    sequence,
                    latents[:, first : first + pieces[turn]],
                    start=turn == 0,
                    end=turn == len(pieces) - 1,
                )
                heard[sequence].append(audio)
    return [np.concatenate(pieces, axis=1) for pieces in heard]
