"""A graph in onnxruntime before it is a file, and how a whole stream is rendered in pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.session import Graph, SessionOptions, open_session_from_bytes
from distill_runtime.errors import VerificationError

# Latents, state and whether to finish, to audio, next state and whatever else there is.
Step = Callable[[Float32Array, Float32Array, bool], Sequence[Float32Array]]


class GraphSession:
    """A graph of our own making, not yet an artifact, with all the outputs that it has."""

    def __init__(self, model: onnx.ModelProto, options: SessionOptions | None = None) -> None:
        session = open_session_from_bytes(model.SerializeToString(), options or SessionOptions())
        self._graph = Graph(session, [output.name for output in model.graph.output])
        self.state_size = self._graph.state_size

    def step(
        self, latents: Float32Array, state: Float32Array, finish: bool
    ) -> Sequence[Float32Array]:
        """Return the graph's outputs, in its order."""
        return self._graph.run(latents, state, finish=finish)

    def begin(
        self, latents: Float32Array, *, finish: bool = False, mel: Float32Array | None = None
    ) -> Sequence[Float32Array]:
        """Return the outputs of a stream's first call; `mel` as `Graph.run` has it."""
        state = np.zeros((len(latents), self.state_size), np.float32)
        return self._graph.run(latents, state, finish=finish, mel=mel)


def render_in_pieces(
    step: Step, latents: Float32Array, pieces: Sequence[int] | None, *, state_size: int
) -> list[Sequence[Float32Array]]:
    """Render a whole stream `[batch, steps, latent_dim]` in pieces of so many steps, or in one.

    Returns:
        What each call returned.

    Raises:
        VerificationError: The state is not zero after the stream was finished.
    """
    state = np.zeros((len(latents), state_size), np.float32)
    results = []
    ends = np.cumsum(pieces or [latents.shape[1]])
    for start, end in zip((0, *ends[:-1]), ends, strict=True):
        results.append(step(latents[:, start:end], state, bool(end == latents.shape[1])))
        state = results[-1][1]
    if state.any():
        raise VerificationError("the state is not zero after the stream was finished")
    return results
