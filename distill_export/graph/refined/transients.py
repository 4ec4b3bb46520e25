"""When the sound within a frame begins: the energy over time that a block's frames agree on.

A frame is 43 ms long, and a magnitude does not say when in it an onset is; noise phases spread it
over all of the frame, and it is heard before it should be. But frames overlap, and those that end
before the onset are quiet. So the energy of short segments is found of which each frame, by its
squared window, has the sum that it asks for: Richardson and Lucy's deconvolution (1972, 1974),
accelerated by squaring the ratio (after Biggs and Andrews 1997). In float64, for roundings grow in
it, and rows round in other ways beside others than alone. Between passes, sound that lies before a
steep rise is held back to that.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

SEGMENTS = 4  # a hop
_ROUNDS = 36
_DOUBLINGS = 3  # sound is held back up to seven segments, 19 ms, before a rise
_STEEP = math.log(10.0)  # a rise in energy, in nepers, that is none yet; twice it wholly is one
_SHARE = 0.3  # of the energy before a rise that is let through: the frames' end is blurred
_LEAST_GAIN = 0.01
_LEAST_ENERGY = 1e-9
_TINY = 1e-12
_MOST_CORRECTION = 16.0  # of an energy at once: its square stays a number, whatever is wanted


class Transients(nn.Module):
    """Holds sound back that comes before its onset."""

    def __init__(self, *, n_fft: int, hop_length: int, frames: int) -> None:
        """Prepare the windows of a block's frames.

        Args:
            n_fft: Length of a frame.
            hop_length: Samples from one frame to the next.
            frames: Of a block; its sound has three hops more.
        """
        super().__init__()
        self.n_fft, self.length = n_fft, hop_length // SEGMENTS
        window = torch.hann_window(n_fft, periodic=True, dtype=torch.float64).square()
        shares = window.unflatten(0, (-1, self.length)).sum(dim=1)
        hops = frames + n_fft // hop_length - 1
        sums = torch.zeros(SEGMENTS * hops, frames, dtype=torch.float64)
        for frame in range(frames):
            sums[SEGMENTS * frame : SEGMENTS * frame + len(shares), frame] = shares
        self.sums = nn.Buffer(sums)  # [segments, frames]
        # The transpose, each segment's row a mean.
        self.means = nn.Buffer((sums / sums.sum(dim=1, keepdim=True)).T.contiguous())
        self.first = nn.Buffer(torch.ones(1, len(sums)) / sums.sum(dim=0).max())
        # Of a sample's gain, the part of the segments before and after it.
        place = (torch.arange(self.length) + 0.5) / self.length - 0.5
        self.part_before = nn.Buffer(torch.relu(-place)[:, None])
        self.part_after = nn.Buffer(torch.relu(place)[:, None])

    def energy(self, power: torch.Tensor) -> torch.Tensor:
        """Return the mean square of each segment, float64 `[batch, 1, segments]`.

        Args:
            power: Of the mel bands, float64 `[batch, n_mels, frames]`: they add up to a frame's.
        """
        # Parseval: the mel bands are one half of a spectrum.
        wanted = (power.sum(dim=1, keepdim=True) * (2.0 / self.n_fft)).clamp(min=_LEAST_ENERGY)
        found = wanted.mean(dim=2, keepdim=True) * self.first
        found = found * self._correction(wanted, found)
        for _ in range(_ROUNDS):
            correction = self._correction(wanted, found)
            found = found * (correction * correction)
        # Squares let an error of the whole level swing for ever; plain steps take it away.
        return found * self._correction(wanted, found)

    def _correction(self, wanted: torch.Tensor, found: torch.Tensor) -> torch.Tensor:
        ratio = wanted / (found @ self.sums).clamp(min=_TINY)
        return (ratio @ self.means).clamp(max=_MOST_CORRECTION)

    def limits(self, energy: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return how loud segments may be, and how steep the rise after them is.

        Args:
            energy: Of segments, `[batch, 1, segments]`.

        Returns:
            The energy and a steepness from 0 to 1, each float32 `[batch, SEGMENTS, hops]`.
        """
        energy = energy.clamp(min=_TINY)
        parts = ((_SHARE * energy).float(), _steepness(energy).float())
        in_hops = [part.unflatten(2, (-1, SEGMENTS))[:, 0].transpose(1, 2) for part in parts]
        return in_hops[0], in_hops[1]

    def hold_back(
        self, hops: torch.Tensor, limits: tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        """Return hops `[batch, hop_length, hops]` without what comes before an onset."""
        energy, steepness = limits
        segments = hops.unflatten(1, (SEGMENTS, self.length))
        present = (segments * segments).mean(dim=2)
        # Not `present + _TINY`: the exporter drops the addition of so small a number.
        gain = 0.5 * torch.log(energy / present.clamp(min=_TINY))
        gain = torch.exp(gain.clamp(math.log(_LEAST_GAIN), 0.0) * steepness)
        return (segments * self._between(gain)).flatten(1, 2)

    def _between(self, gain: torch.Tensor) -> torch.Tensor:
        """Return straight lines between the middles of segments: no step, no click.

        Args:
            gain: `[batch, SEGMENTS, hops]`.

        Returns:
            `[batch, SEGMENTS, length, hops]`.
        """
        last, first = gain[:, -1:], gain[:, :1]
        earlier = torch.cat([last[..., :1], last[..., :-1]], dim=2)
        later = torch.cat([first[..., 1:], first[..., -1:]], dim=2)
        before = torch.cat([earlier, gain[:, :-1]], dim=1) - gain
        after = torch.cat([gain[:, 1:], later], dim=1) - gain
        return (
            gain[:, :, None]
            + before[:, :, None] * self.part_before
            + after[:, :, None] * self.part_after
        )


def _steepness(energy: torch.Tensor) -> torch.Tensor:
    """Return for each segment how steep the rise after it is, 0 to 1."""
    coming = energy
    for doubling in range(_DOUBLINGS):
        later = F.pad(coming, (0, 2**doubling))[..., 2**doubling :]
        coming = torch.maximum(coming, later)
    rise = torch.log(coming / energy)
    return (rise * (1.0 / _STEEP) - 1.0).clamp(0.0, 1.0)
