"""A graph in onnxruntime by the contract's names, and how a whole stream is played in pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from distill_runtime import contract
from distill_runtime.artifact.session import SessionOptions, open_session_from_bytes, run_session
from distill_runtime.errors import VerificationError

if TYPE_CHECKING:
    import onnx

# Latents, state and finish to audio, next state and whatever else there is.
Call = Callable[[np.ndarray, np.ndarray, np.ndarray], Sequence[np.ndarray]]


class GraphSession:
    """A graph of our own making, not yet an artifact."""

    def __init__(self, model: onnx.ModelProto, options: SessionOptions | None = None) -> None:
        self._session = open_session_from_bytes(
            model.SerializeToString(), options or SessionOptions()
        )
        sizes = {value.name: value.shape for value in self._session.get_inputs()}
        self.state_size: int = sizes[contract.STATE][1]
        self._outputs = [value.name for value in self._session.get_outputs()]

    def __call__(
        self, latents: np.ndarray, state: np.ndarray, finish: np.ndarray
    ) -> list[np.ndarray]:
        """Return the graph's outputs, in its order."""
        feeds = {contract.LATENTS: latents, contract.STATE: state, contract.FINISH: finish}
        return run_session(self._session, self._outputs, feeds)

    def begin(self, latents: np.ndarray, *, finish: bool = False) -> list[np.ndarray]:
        """Return the outputs of a stream's first call."""
        state = np.zeros((len(latents), self.state_size), np.float32)
        return self(latents, state, np.array(finish))


def play_in_pieces(
    call: Call, latents: np.ndarray, pieces: tuple[int, ...] | None, *, state_size: int
) -> list[Sequence[np.ndarray]]:
    """Play a whole stream `[batch, steps, latent_dim]` in pieces of so many steps, or in one.

    Returns:
        What each call returned.

    Raises:
        VerificationError: The state is not zero after the stream was finished.
    """
    state = np.zeros((len(latents), state_size), np.float32)
    results = []
    ends = np.cumsum(pieces or (latents.shape[1],))
    for start, end in zip((0, *ends[:-1]), ends, strict=True):
        results.append(call(latents[:, start:end], state, np.array(end == latents.shape[1])))
        state = results[-1][1]
    if state.any():
        raise VerificationError("the state is not zero after the stream was finished")
    return results
