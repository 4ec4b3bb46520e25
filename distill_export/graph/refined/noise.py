"""A fixed table of noise phases: the artifact's only randomness, drawn when it is exported."""

from __future__ import annotations

import math

import torch
from torch import nn

_ROWS = 512  # 5.5 s at a hop of 512
_LEVELS = 256
_SEED = 7


class NoisePhase(nn.Module):
    """The phases of white noise, one row a frame, a byte each, over and over.

    Taken from the transform of one long circular noise, so that neighbouring frames agree: phases
    drawn one by one would cancel where frames overlap. They refer to a frame's centre.
    """

    def __init__(self, *, n_fft: int, hop_length: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(_SEED)
        noise = torch.randn(_ROWS * hop_length, generator=generator, dtype=torch.float64)
        circle = torch.cat([noise, noise[: n_fft - hop_length]])
        window = torch.hann_window(n_fft, periodic=True, dtype=torch.float64)
        spectrum = torch.fft.rfft(circle.unfold(0, n_fft, hop_length) * window)
        phase = torch.angle(spectrum) - math.pi * torch.arange(spectrum.shape[1])
        levels = torch.round(phase * (_LEVELS / (2 * math.pi))).remainder(_LEVELS)
        self.table = nn.Buffer(levels.to(torch.uint8))  # [rows, n_fft // 2 + 1]
        self.rows = _ROWS

    def forward(self, position: torch.Tensor, frames: int) -> torch.Tensor:
        """Return radians `[batch, frames, bins]` from row `position`, `[batch]`, on."""
        offsets = torch.arange(frames, device=position.device)
        rows = (position.long()[:, None] + offsets) % self.rows
        levels = torch.index_select(self.table, 0, rows.flatten()).unflatten(0, (-1, frames))
        return levels.float() * (2 * math.pi / _LEVELS)
