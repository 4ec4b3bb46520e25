"""What the decoders have in common: latent vectors in, chunks of mel frames out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import nn


class ChunkDecoder(nn.Module, ABC):
    """A model's decoder as the graph has it, in one precision of its weights.

    Attributes:
        precision: Its name in the contract.
        is_exact: Whether its weights are the model's own; if not, they were rounded.
        latent_dim: Length of a latent vector.
        chunk_frames: Frames of a chunk.
    """

    precision: ClassVar[str]
    is_exact: ClassVar[bool] = False

    def __init__(self, *, latent_dim: int, chunk_frames: int) -> None:
        super().__init__()
        self.latent_dim, self.chunk_frames = latent_dim, chunk_frames

    @abstractmethod
    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Decode `[rows, latent_dim]` to `[rows, 2, n_mels, chunk_frames]`, normalised."""
