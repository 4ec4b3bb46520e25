"""The decoder, one latent vector at a time, for a backend whose rounding depends on how many."""

from __future__ import annotations

import torch
from torch import nn

from distill_export.graph.decoder.base import ChunkDecoder
from distill_export.graph.scan import scan_blocks


class RowByRowDecoder(ChunkDecoder):
    """Decodes what another decoder does, a row at a time: a `scan` when exported.

    PyTorch takes another kernel for many rows than for one. The decoder's rounding, amplified by
    the phase's running sum, would then tell how a stream was cut, at 95 to 110 dB.
    """

    def __init__(self, decoder: ChunkDecoder) -> None:
        super().__init__(latent_dim=decoder.latent_dim, chunk_frames=decoder.chunk_frames)
        self.row = _Row(decoder)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Decode `[rows, latent_dim]` to `[rows, 2, n_mels, chunk_frames]`."""
        nothing = latents.new_zeros(1)  # a scan carries something
        chunks, _ = scan_blocks(self.row, (nothing,), latents[:, None])
        return chunks.flatten(0, 1)


class _Row(nn.Module):
    def __init__(self, decoder: ChunkDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(
        self, latent: torch.Tensor, nothing: torch.Tensor
    ) -> tuple[torch.Tensor, tuple[torch.Tensor]]:
        return self.decoder(latent), (torch.zeros_like(nothing),)
