"""The reconstruction "learned": latent vectors to the sound that Distill plays."""

from __future__ import annotations

import torch

from distill_export.graph.base import Synthesizer
from distill_export.graph.decoder.base import ChunkDecoder
from distill_export.graph.dft import InverseRealDFT
from distill_export.graph.learned.inverse_stft import InverseSTFT
from distill_export.graph.learned.spectrum import LearnedSpectrum
from distill_export.graph.learned.state import LearnedStateLayout, LearnedStreamState
from distill_export.graph.state import StreamState
from distill_export.reference.mel import htk_filterbank
from distill_runtime.contract import AudioGrid, Normalization


class LearnedSynthesizer(Synthesizer[LearnedStreamState]):
    """The model's own phase, summed over frames, and the centred inverse STFT."""

    reconstruction = "learned"

    def __init__(
        self, decoder: ChunkDecoder, normalization: Normalization | None, grid: AudioGrid
    ) -> None:
        state_layout = LearnedStateLayout(
            n_mels=grid.n_mels,
            hop_frames=grid.hop_frames,
            hop_length=grid.hop_length,
            overlap_hops=InverseSTFT.overlap_hops,
        )
        super().__init__(state_layout, decoder, grid)
        filterbank = htk_filterbank(grid.sample_rate_hz, grid.n_fft, grid.n_mels)
        self.spectrum = LearnedSpectrum(normalization, filterbank, InverseRealDFT.bins())
        self.inverse_stft = InverseSTFT(n_fft=grid.n_fft, hop_length=grid.hop_length)
        self.latency_samples = InverseSTFT.latency_hops * grid.hop_length

    def reconstruct(
        self,
        mel: torch.Tensor,
        before: StreamState[LearnedStreamState],
        steps: int,
        flush: int,
    ) -> tuple[torch.Tensor, LearnedStreamState]:
        """Turn mel frames into sound, see `Synthesizer`."""
        real, imaginary, phase = self.spectrum(mel, before.own.phase)
        audio, audio_tail = self.inverse_stft(
            real, imaginary, before.own.audio_tail, before.started, flush
        )
        return audio, LearnedStreamState(phase, audio_tail)
