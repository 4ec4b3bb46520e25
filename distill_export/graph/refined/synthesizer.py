"""The whole road from latent vectors to sound, as a streaming step: reconstruction "refined"."""

from __future__ import annotations

import torch
from torch import nn

from distill_export.graph.chunks import ChunkOverlapAdd
from distill_export.graph.decoder.folded import FoldedDecoder
from distill_export.graph.decoder.int8 import Int8Decoder
from distill_export.graph.learned.synthesizer import as_int
from distill_export.graph.refined.block import BLOCK_FRAMES
from distill_export.graph.refined.passes import DEFAULT_QUALITY
from distill_export.graph.refined.stream import RefinedStream, RefinedStreamState
from distill_export.reference.complex_spectrogram import Statistics


class RefinedSynthesizer(nn.Module):
    """Latents and a state in, audio and the next state out; docs/artifact.md has the contract.

    The state vector is whether the row has started, the second half of its last chunk, and the
    fields of `RefinedStreamState`.
    """

    reconstruction = "refined"

    def __init__(
        self,
        decoder: FoldedDecoder | Int8Decoder,
        stats: Statistics | None,
        *,
        sample_rate_hz: int,
        n_fft: int,
        hop_length: int,
        n_mels: int,
        chunk_frames: int,
        hop_frames: int,
        iterations: int = DEFAULT_QUALITY,
    ) -> None:
        super().__init__()
        if hop_frames != BLOCK_FRAMES:
            raise ValueError("a block must be a step")
        self.decoder = decoder
        self.chunk_overlap_add = ChunkOverlapAdd(chunk_frames=chunk_frames, hop_frames=hop_frames)
        self.stream = RefinedStream(
            stats,
            sample_rate_hz=sample_rate_hz,
            n_fft=n_fft,
            hop_length=hop_length,
            n_mels=n_mels,
            iterations=iterations,
        )
        self.latency_samples = self.stream.latency_samples
        chunk_shape = torch.Size((2, n_mels, hop_frames))
        self.shapes = (torch.Size(()), chunk_shape, *self.stream.state_shapes())
        self.sizes = [shape.numel() for shape in self.shapes]

    @property
    def state_size(self) -> int:
        """Length of a row's state vector."""
        return sum(self.sizes)

    def forward(
        self, latents: torch.Tensor, state: torch.Tensor, finish: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Play `steps` steps of every row.

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
        started, chunk_tail, *before = self._unpack(state)
        started = started > 0.5
        chunks = self.decoder(latents.flatten(0, 1)).unflatten(0, latents.shape[:2])
        mel, chunk_tail = self.chunk_overlap_add(chunks, chunk_tail, started, finish, flush)
        audio, after = self.stream(
            mel[:, 0], RefinedStreamState(*before), started, latents.shape[1] + flush, flush
        )
        packed = self._pack([torch.ones_like(state[:, 0]), chunk_tail, *after])
        return audio, torch.where(finish, torch.zeros_like(state), packed), mel

    def _unpack(self, state: torch.Tensor) -> list[torch.Tensor]:
        parts = torch.split(state, self.sizes, dim=1)
        return [part.reshape(-1, *shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def _pack(self, parts: list[torch.Tensor]) -> torch.Tensor:
        return torch.cat(
            [part.reshape(-1, size) for part, size in zip(parts, self.sizes, strict=True)], dim=1
        )
