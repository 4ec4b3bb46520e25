"""What the reconstructions have in common: latent vectors in, mel frames between, sound out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, cast

import torch
from torch import nn

from distill_export.graph.chunks import ChunkOverlapAdd
from distill_export.graph.decoder.base import ChunkDecoder
from distill_export.graph.state import Own, StateLayout, StreamState
from distill_runtime.contract import AudioGrid


class Synthesizer(nn.Module, ABC, Generic[Own]):
    """Latents and a state in, audio and the next state out; docs/artifact.md has the contract.

    The road to the mel frames is the same for all: decode, overlap-add the chunks. How frames
    become sound, and what a stream carries along for it, is the reconstruction's own.

    Attributes:
        reconstruction: Its name in the contract.
        latency_samples: Samples of silence that every stream starts with.
        grid: The sound's sampling and the frames behind it.
        state_layout: What a row's state vector holds.
        decoder: Latent vectors to chunks of mel frames.
        chunk_overlap_add: Chunks to one stream of mel frames.
    """

    reconstruction: ClassVar[str]
    latency_samples: int

    def __init__(
        self, state_layout: StateLayout[Own], decoder: ChunkDecoder, grid: AudioGrid
    ) -> None:
        super().__init__()
        self.grid = grid
        self.state_layout = state_layout
        self.decoder = decoder
        self.chunk_overlap_add = ChunkOverlapAdd(
            chunk_frames=grid.chunk_frames, hop_frames=grid.hop_frames
        )

    @property
    def state_size(self) -> int:
        """Length of a row's state vector."""
        return self.state_layout.size

    @abstractmethod
    def reconstruct(
        self, mel: torch.Tensor, before: StreamState[Own], steps: int, flush: int
    ) -> tuple[torch.Tensor, Own]:
        """Turn mel frames into sound.

        Args:
            mel: `[batch, 2, n_mels, hop_frames * (steps + flush)]`, normalised.
            before: What the call before left.
            steps: Steps of the trajectory that the frames are of.
            flush: 1 if no frames will follow, else 0.

        Returns:
            Audio `[batch, samples]`, `step_samples` for each step, and once more and the latency
            for the flush; and what it is to know in the next call.
        """

    def forward(
        self, latents: torch.Tensor, state: torch.Tensor, finish: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Render `steps` steps of every row.

        Args:
            latents: `[batch, steps, latent_dim]`, steps >= 1.
            state: `[batch, state_size]`, zeros to start a stream.
            finish: bool `[]`, whether every row's stream ends here.

        Returns:
            Audio `[batch, samples]`: 24,064 samples a step, and a chunk's half and the latency more
            if `finish`; the next state, zeros after `finish`; and the mel frames
            `[batch, 2, n_mels, frames]`.
        """
        flush = as_int(finish)
        before = self.state_layout.unpack(state)
        chunks = self.decoder(latents.flatten(0, 1)).unflatten(0, latents.shape[:2])
        mel, chunk_tail = self.chunk_overlap_add(
            chunks, before.chunk_tail, before.started, finish, flush
        )
        audio, own = self.reconstruct(mel, before, latents.shape[1], flush)
        return audio, self.state_layout.advance(before, chunk_tail, own, finish), mel

    def resynthesize(self, mel: torch.Tensor) -> torch.Tensor:
        """Render the mel frames of whole streams at once, without the latency.

        Args:
            mel: `[batch, 2, n_mels, hop_frames * (steps + 1)]`, normalised.

        Returns:
            Audio `[batch, step_samples * (steps + 1)]`.
        """
        before = self.state_layout.unpack(mel.new_zeros(len(mel), self.state_size))
        steps = mel.shape[-1] // self.grid.hop_frames - 1
        audio, _ = self.reconstruct(mel, before, steps, 1)
        return audio[:, self.latency_samples :]


def as_int(finish: torch.Tensor) -> int:
    """Return 1 or 0, as a value that a traced graph can size its tensors by."""
    value = cast(int, finish.to(torch.int64).item())
    torch._check(value >= 0)
    torch._check(value <= 1)
    return value
