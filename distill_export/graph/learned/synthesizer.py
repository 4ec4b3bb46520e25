"""The whole road from latent vectors to sound, as a streaming step: reconstruction "learned"."""

from __future__ import annotations

import torch
from torch import nn

from distill_export.graph.chunks import ChunkOverlapAdd
from distill_export.graph.decoder.folded import FoldedDecoder
from distill_export.graph.decoder.int8 import Int8Decoder
from distill_export.graph.learned.inverse_stft import InverseRealDFT, InverseSTFT
from distill_export.graph.learned.spectrum import LearnedSpectrum
from distill_export.graph.learned.state import StateLayout, StreamState
from distill_export.reference.complex_spectrogram import Statistics
from distill_export.reference.mel import htk_filterbank


class Synthesizer(nn.Module):
    """Latents and a state in, audio and the next state out; docs/artifact.md has the contract."""

    reconstruction = "learned"
    latency_samples = 1024

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
    ) -> None:
        super().__init__()
        filterbank = htk_filterbank(sample_rate_hz, n_fft, n_mels)
        bins = InverseRealDFT.bins()
        self.state_layout = StateLayout(
            n_mels=n_mels,
            hop_frames=hop_frames,
            hop_length=hop_length,
            overlap_hops=InverseSTFT.overlap_hops,
        )
        self.decoder = decoder
        self.chunk_overlap_add = ChunkOverlapAdd(chunk_frames=chunk_frames, hop_frames=hop_frames)
        self.spectrum = LearnedSpectrum(stats, filterbank, bins)
        self.inverse_stft = InverseSTFT(n_fft=n_fft, hop_length=hop_length)

    @property
    def state_size(self) -> int:
        """Length of a row's state vector."""
        return self.state_layout.size

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
        before = self.state_layout.unpack(state)
        chunks = self.decoder(latents.flatten(0, 1)).unflatten(0, latents.shape[:2])
        mel, chunk_tail = self.chunk_overlap_add(
            chunks, before.chunk_tail, before.started, finish, flush
        )
        real, imaginary, phase = self.spectrum(mel, before.phase)
        audio, audio_tail = self.inverse_stft(
            real, imaginary, before.audio_tail, before.started, flush
        )
        after = StreamState(
            started=torch.ones_like(before.started),
            chunk_tail=chunk_tail,
            phase=phase,
            audio_tail=audio_tail,
        )
        next_state = torch.where(finish, torch.zeros_like(state), self.state_layout.pack(after))
        return audio, next_state, mel


def as_int(finish: torch.Tensor) -> int:
    """Return 1 or 0, as a value that a traced graph can size its tensors by."""
    value = finish.to(torch.int64).item()
    torch._check(value >= 0)
    torch._check(value <= 1)
    return value
