"""The streaming state of "learned", whose phase is float64 and keeps all of its bits."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from distill_export.graph.state import StateLayout, StreamState

# Dekker 1971: `c = (2^29 + 1) x; c - (c - x)` is a float64 x rounded to 24 bits, as float32 has.
_SPLITTER = 2.0**29 + 1.0


class LearnedStreamState(NamedTuple):
    """What "learned" carries from one call to the next; all zeros before the first."""

    phase: torch.Tensor  # float64 [batch, n_mels], the running sum over frames, in turns
    audio_tail: torch.Tensor  # [batch, hop_length, 3], hops that wait for later frames


class LearnedStateLayout(StateLayout[LearnedStreamState]):
    """A row's vector: whether it has started, its chunk's tail, its phase in three, its audio.

    The phase is float64; the sum of three float32 holds all of its 53 bits, so a stream cut in two
    goes on from exactly the phase that one call would have had.
    """

    def __init__(self, *, n_mels: int, hop_frames: int, hop_length: int, overlap_hops: int) -> None:
        super().__init__()
        self.chunk_shape = (2, n_mels, hop_frames)
        self.audio_shape = (hop_length, overlap_hops)
        chunk_size = 2 * n_mels * hop_frames
        self.sizes = [1, chunk_size, n_mels, n_mels, n_mels, hop_length * overlap_hops]
        self.size = sum(self.sizes)
        # A tensor: the exporter would round a number to float32.
        self.splitter = nn.Buffer(torch.tensor(_SPLITTER, dtype=torch.float64))

    def unpack(self, vector: torch.Tensor) -> StreamState[LearnedStreamState]:
        """Read a state vector `[batch, size]`."""
        started, chunk, high, middle, low, audio = torch.split(vector, self.sizes, dim=1)
        return StreamState(
            vector=vector,
            started=started[:, 0] > 0.5,
            chunk_tail=chunk.unflatten(1, self.chunk_shape),
            own=LearnedStreamState(
                phase=high.double() + middle.double() + low.double(),
                audio_tail=audio.unflatten(1, self.audio_shape),
            ),
        )

    def advance(
        self,
        before: StreamState[LearnedStreamState],
        chunk_tail: torch.Tensor,
        own: LearnedStreamState,
        finish: torch.Tensor,
    ) -> torch.Tensor:
        """Write the state vector after a call, see `StateLayout`."""
        started = torch.ones_like(before.started)
        nothing = torch.zeros_like(before.vector)
        return torch.where(finish, nothing, self._pack(started, chunk_tail, own))

    def _pack(
        self, started: torch.Tensor, chunk_tail: torch.Tensor, own: LearnedStreamState
    ) -> torch.Tensor:
        high = self._rounded(own.phase)
        rest = own.phase - high
        middle = self._rounded(rest)
        low = rest - middle
        parts = [
            started[:, None].float(),
            chunk_tail.flatten(1),
            high.float(),
            middle.float(),
            low.float(),
            own.audio_tail.flatten(1),
        ]
        return torch.cat(parts, dim=1)

    def _rounded(self, x: torch.Tensor) -> torch.Tensor:
        """Round float64 to the bits of a float32, without becoming one on the way.

        onnxruntime before 1.17 takes a cast to float32 and back for nothing, and leaves it out.
        """
        product = self.splitter * x
        return product - (product - x)
