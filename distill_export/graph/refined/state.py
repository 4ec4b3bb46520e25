"""The streaming state of "refined"."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from distill_export.graph.refined.stream import RefinedStreamState
from distill_export.graph.state import StateLayout, StreamState


class RefinedStateLayout(StateLayout[RefinedStreamState]):
    """A row's vector: whether it has started, its chunk's tail, then the stream's own fields."""

    def __init__(self, chunk_shape: torch.Size, stream_shapes: Iterable[torch.Size]) -> None:
        super().__init__()
        self.shapes = (torch.Size(()), chunk_shape, *stream_shapes)
        self.sizes = [shape.numel() for shape in self.shapes]
        self.size = sum(self.sizes)

    def unpack(self, vector: torch.Tensor) -> StreamState[RefinedStreamState]:
        """Read a state vector `[batch, size]`."""
        parts = torch.split(vector, self.sizes, dim=1)
        started, chunk_tail, *own = (
            part.reshape(-1, *shape) for part, shape in zip(parts, self.shapes, strict=True)
        )
        return StreamState(vector, started > 0.5, chunk_tail, RefinedStreamState(*own))

    def advance(
        self,
        before: StreamState[RefinedStreamState],
        chunk_tail: torch.Tensor,
        own: RefinedStreamState,
        finish: torch.Tensor,
    ) -> torch.Tensor:
        """Write the state vector after a call, see `StateLayout`."""
        parts = [torch.ones_like(before.vector[:, 0]), chunk_tail, *own]
        vector = torch.cat(
            [part.reshape(-1, size) for part, size in zip(parts, self.sizes, strict=True)], dim=1
        )
        return torch.where(finish, torch.zeros_like(before.vector), vector)
