"""The inverse short-time Fourier transform, streaming: small matrix products and an overlap-add."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F


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

        self.register_buffer("inner", inner.float())
        self.register_buffer("outer", outer.flatten(1).float())  # [64, 33 x (re, im)]

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


class InverseSTFT(nn.Module):
    """Windows the frames, overlap-adds them and divides by the summed squared windows.

    Periodic Hann window of 2048, hop 512: four windows overlap and their squares sum to 1.5, except
    where a stream begins or ends. There the sum is smaller and the first 1,024 samples, which a
    centred transform cuts off, are silent: they are the latency.
    """

    overlap_hops = 3  # hops that a frame reaches beyond its own
    latency_hops = 2

    def __init__(self, *, n_fft: int, hop_length: int) -> None:
        super().__init__()
        if (n_fft, hop_length) != (InverseRealDFT.n_fft, InverseRealDFT.n_fft // 4):
            raise ValueError("only an n_fft of 2048 with a hop of 512 is supported")
        self.hop_length = hop_length
        self.bins = InverseRealDFT.bins()
        self.dft = InverseRealDFT()
        window = torch.hann_window(n_fft, periodic=True, dtype=torch.float64)
        squares = window.square().view(4, hop_length)
        whole = squares.sum(dim=0)  # 1.5 everywhere
        opening = torch.zeros(hop_length, 3, dtype=torch.float64)
        opening[:, 2] = whole / squares[:3].sum(dim=0)  # the third hop lacks one earlier frame
        closing = torch.stack(
            [whole / squares[1:].sum(dim=0), whole / squares[2:].sum(dim=0)], dim=1
        )  # the two hops after the last frame's own lack later frames
        self.register_buffer("window", (window / 1.5).float()[:, None])
        self.register_buffer("opening", opening.float())
        self.register_buffer("closing", closing.float())

    def forward(
        self,
        real: torch.Tensor,
        imaginary: torch.Tensor,
        tail: torch.Tensor,
        started: torch.Tensor,
        flush: int,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Synthesise.

        Args:
            real: `[batch, slots, frames]`, laid out by `InverseRealDFT.bins`.
            imaginary: The same for the imaginary part.
            tail: `[batch, hop_length, 3]`, hops that earlier frames have reached.
            started: bool `[batch]`, whether the row has had frames before.
            flush: 1 if no frames will follow, else 0.

        Returns:
            Audio `[batch, hop_length * hops]`, hops = frames, and two more for the flush; and the
            new tail.
        """
        spectrum = torch.stack(
            [real.unflatten(1, (33, 32)), imaginary.unflatten(1, (33, 32))], dim=2
        ).flatten(2, 3)
        samples = self.dft(spectrum) * self.window
        # From the oldest frame to the newest, as a later call goes on: the order of a sum shows.
        hop = self.hop_length
        hops = torch.cat([tail, samples[:, 3 * hop :]], dim=-1)
        for age in (2, 1, 0):
            # A quarter of each frame, moved to the hop it plays in: one operation for both.
            hops = hops + F.pad(samples, (age, 3 - age, -age * hop, (age - 3) * hop))

        opening = torch.where(started[:, None, None], torch.ones_like(self.opening), self.opening)
        head, body, new_tail = hops[..., :3] * opening, hops[..., 3:-3], hops[..., -3:]
        closing = (new_tail[..., :2] * self.closing)[..., : self.latency_hops * flush]
        hops = torch.cat([head, body, closing], dim=-1)
        return hops.transpose(1, 2).flatten(1), new_tail
