"""The streaming state: one float32 vector a row, all zeros at the start of a stream."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import nn

Own = TypeVar("Own")  # what one reconstruction carries along for its sound


class StreamState(NamedTuple, Generic[Own]):
    """What a stream carries from one call to the next, for every row of the batch."""

    vector: torch.Tensor  # [batch, size], which all of it was read from
    started: torch.Tensor  # bool [batch], whether the row has had a step
    chunk_tail: torch.Tensor  # [batch, 2, n_mels, hop_frames], second half of the last chunk
    own: Own


class StateLayout(nn.Module, ABC, Generic[Own]):
    """Reads the state vectors of a reconstruction, and writes the next ones.

    Attributes:
        size: Length of a row's vector.
    """

    size: int

    @abstractmethod
    def unpack(self, vector: torch.Tensor) -> StreamState[Own]:
        """Read a state vector `[batch, size]`."""

    @abstractmethod
    def advance(
        self, before: StreamState[Own], chunk_tail: torch.Tensor, own: Own, finish: torch.Tensor
    ) -> torch.Tensor:
        """Write the state vector after a call.

        Args:
            before: What the call began with.
            chunk_tail: `[batch, 2, n_mels, hop_frames]`, second half of its last chunk.
            own: What the reconstruction is to know in the next call.
            finish: bool `[]`, whether every row's stream ended.

        Returns:
            `[batch, size]`, zeros after `finish`.
        """
