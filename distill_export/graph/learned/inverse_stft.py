"""The inverse short-time Fourier transform, streaming: small matrix products and an overlap-add."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from distill_export.graph.dft import InverseRealDFT, check_sizes


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
        check_sizes(n_fft, hop_length)
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
        self.window = nn.Buffer((window / 1.5).float()[:, None])
        self.opening = nn.Buffer(opening.float())
        self.closing = nn.Buffer(closing.float())

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
