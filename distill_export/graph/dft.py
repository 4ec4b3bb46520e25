"""The DFT of real frames, the counterpart of the inverse: the same two small matrix products."""

from __future__ import annotations

import math

import torch
from torch import nn

from distill_export.graph.learned.inverse_stft import InverseRealDFT


class RealDFT(nn.Module):
    """The DFT of a real signal of 2048 samples, laid out as `InverseRealDFT` takes it.

    With n = 32 n1 + n2 and k = k1 + 64 k2,

        X[k] = sum_n2 e^(-2 pi i k n2 / 2048) sum_n1 x[n] e^(-2 pi i k1 n1 / 64),

    for k1 = 0..32. Its inner matrices are the inverse's, transposed, and are not stored again; with
    them a slot beyond the Nyquist frequency comes out as its mirror image's bin, not conjugated.
    """

    def __init__(self) -> None:
        super().__init__()
        k1, n1 = torch.arange(33.0, dtype=torch.float64), torch.arange(64.0, dtype=torch.float64)
        angle = 2 * math.pi / 64 * k1[:, None] * n1[None, :]
        outer = torch.stack([torch.cos(angle), -torch.sin(angle)], dim=1)
        self.register_buffer("outer", outer.flatten(0, 1).float())  # [33 x (re, im), 64]

    def forward(self, samples: torch.Tensor, inverse: InverseRealDFT) -> torch.Tensor:
        """Transform `[batch, 2048, frames]` to `[batch, 33, 64, frames]` (k1, (re, im) x k2)."""
        columns = samples.unflatten(1, (64, 32)).flatten(2)  # [batch, n1, n2 x frames]
        rows = (self.outer @ columns).unflatten(1, (33, 2)).unflatten(3, (32, -1))
        return inverse.inner.transpose(1, 2) @ rows.flatten(2, 3)
