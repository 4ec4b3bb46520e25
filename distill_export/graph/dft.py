"""The DFT of real frames and its inverse, each as two small matrix products."""

from __future__ import annotations

import math

import torch
from torch import nn


def check_sizes(n_fft: int, hop_length: int) -> None:
    """Check that these transforms are of the frames that are asked for.

    Raises:
        ValueError: They are not.
    """
    if (n_fft, hop_length) != (InverseRealDFT.n_fft, InverseRealDFT.n_fft // 4):
        raise ValueError("only an n_fft of 2048 with a hop of 512 is supported")


class InverseRealDFT(nn.Module):
    """The inverse DFT of a real signal of 2048 samples as two small matrix products.

    With n = 32 n1 + n2 and k = k1 + 64 k2 (Cooley and Tukey 1965),

        x[n] = 1/2048 sum_k1 e^(2 pi i k1 n1 / 64) sum_k2 X[k] e^(2 pi i k n2 / 2048),

    and since x is real, the terms of k1 and 64 - k1 are conjugates: k1 = 0..32 suffice, the ones
    between counted twice, taking the real part. The inner sums are 33 real matrices [64, 64] with
    the twiddle factors inside, the outer one is a real matrix [64, 66]. Frames are the last axis
    throughout, so nothing is ever transposed.
    """

    n_fft = 2048
    slots = 33 * 32

    def __init__(self) -> None:
        super().__init__()
        k1, k2 = torch.arange(33.0, dtype=torch.float64), torch.arange(32.0, dtype=torch.float64)
        n1, n2 = torch.arange(64.0, dtype=torch.float64), torch.arange(32.0, dtype=torch.float64)

        k = k1[:, None, None] + 64 * k2[None, None, :]  # [33, 1, 32]
        angle = 2 * math.pi / self.n_fft * k * n2[None, :, None]  # [33, n2, k2]
        cos, sin = torch.cos(angle), torch.sin(angle)
        # A slot beyond the Nyquist frequency holds its mirror image's bin, not yet conjugated.
        sign = torch.where(k > self.n_fft / 2, -1.0, 1.0)
        inner = torch.cat(
            [torch.cat([cos, -sin * sign], dim=2), torch.cat([sin, cos * sign], dim=2)], dim=1
        )  # [33, (re, im) x n2, (re, im) x k2]

        angle = 2 * math.pi / 64 * n1[:, None] * k1[None, :]  # [64, 33]
        twice = torch.full((33,), 2.0, dtype=torch.float64)
        twice[0] = twice[32] = 1.0
        scale = twice / self.n_fft
        outer = torch.stack([torch.cos(angle) * scale, -torch.sin(angle) * scale], dim=2)

        self.inner = nn.Buffer(inner.float())
        self.outer = nn.Buffer(outer.flatten(1).float())  # [64, 33 x (re, im)]

    @classmethod
    def bins(cls) -> torch.Tensor:
        """Return the bin that each slot holds: int64 `[slots]`, 0..1024."""
        k = torch.arange(33)[:, None] + 64 * torch.arange(32)[None, :]
        return torch.where(k > cls.n_fft // 2, cls.n_fft - k, k).flatten()

    def forward(self, spectrum: torch.Tensor) -> torch.Tensor:
        """Transform `[batch, 33, 64, frames]` (k1, (re, im) x k2) to `[batch, 2048, frames]`."""
        inner = self.inner @ spectrum  # [batch, 33, (re, im) x n2, frames]
        # (k1, re/im) are the rows of the outer product, (n2, frame) its columns.
        rows = inner.unflatten(2, (2, 32)).flatten(3).flatten(1, 2)  # [batch, 66, 32 x frames]
        samples = self.outer @ rows  # [batch, n1, n2 x frames]
        return samples.unflatten(2, (32, -1)).flatten(1, 2)


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
        self.outer = nn.Buffer(outer.flatten(0, 1).float())  # [33 x (re, im), 64]

    def forward(self, samples: torch.Tensor, inverse: InverseRealDFT) -> torch.Tensor:
        """Transform `[batch, 2048, frames]` to `[batch, 33, 64, frames]` (k1, (re, im) x k2)."""
        columns = samples.unflatten(1, (64, 32)).flatten(2)  # [batch, n1, n2 x frames]
        rows = (self.outer @ columns).unflatten(1, (33, 2)).unflatten(3, (32, -1))
        return inverse.inner.transpose(1, 2) @ rows.flatten(2, 3)
