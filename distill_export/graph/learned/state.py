"""The streaming state: one float32 vector a row, all zeros at the start of a stream."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

# Dekker 1971: `c = (2^29 + 1) x; c - (c - x)` is a float64 x rounded to 24 bits, as float32 has.
_SPLITTER = 2.0**29 + 1.0


@dataclass(frozen=True)
class StreamState:
    """What a stream carries from one call to the next, for every row of the batch."""

    started: torch.Tensor  # bool [batch], whether the row has had a step
    chunk_tail: torch.Tensor  # [batch, 2, n_mels, hop_frames], second half of the last chunk
    phase: torch.Tensor  # float64 [batch, n_mels], the running sum over frames, in turns
    audio_tail: torch.Tensor  # [batch, hop_length, 3], hops that wait for later frames


class StateLayout(nn.Module):
    """Packs a `StreamState` into `[batch, size]` float32 and back, without loss.

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
        self.register_buffer("splitter", torch.tensor(_SPLITTER, dtype=torch.float64))

    def unpack(self, state: torch.Tensor) -> StreamState:
        """Read a state vector `[batch, size]`."""
        started, chunk, high, middle, low, audio = torch.split(state, self.sizes, dim=1)
        return StreamState(
            started=started[:, 0] > 0.5,
            chunk_tail=chunk.unflatten(1, self.chunk_shape),
            phase=high.double() + middle.double() + low.double(),
            audio_tail=audio.unflatten(1, self.audio_shape),
        )

    def pack(self, state: StreamState) -> torch.Tensor:
        """Write a state vector `[batch, size]`."""
        high = self._rounded(state.phase)
        rest = state.phase - high
        middle = self._rounded(rest)
        low = rest - middle
        parts = [
            state.started[:, None].float(),
            state.chunk_tail.flatten(1),
            high.float(),
            middle.float(),
            low.float(),
            state.audio_tail.flatten(1),
        ]
        return torch.cat(parts, dim=1)

    def _rounded(self, x: torch.Tensor) -> torch.Tensor:
        """Round float64 to the bits of a float32, without becoming one on the way.

        onnxruntime before 1.17 takes a cast to float32 and back for nothing, and leaves it out.
        """
        product = self.splitter * x
        return product - (product - x)
