"""Where a spectrum has tones, and how their phases advance from frame to frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

TONE_BINS = 384  # above 9 kHz every phase is noise
_ALWAYS_TONAL_BINS = 20  # a mel band is no wider than a tone there
_CLIMBS = 3  # each doubles the reach: up to eight bins to a peak
_SHARP = -0.3  # second difference of the log magnitude at a tone's peak, or less
_TIE = 1e-9  # differences that only rounding makes
_FAINT = 1e-5  # power of a bin, -104 dB of a full sine: below it there are no peaks
_TURN = 2.0 * math.pi


@dataclass(frozen=True)
class Tones:
    """What each bin belongs to."""

    peak: torch.Tensor  # int64 [batch, frames, TONE_BINS], the peak that a bin climbs to
    is_tonal: torch.Tensor  # bool, whether that peak is a tone's
    advance: torch.Tensor  # float64, of that peak, in radians a hop


class FindTones(nn.Module):
    """Finds the peaks and their frequencies, by a parabola through the log magnitude.

    After SPSI (Beauregard, Harish and Wyse 2015): the bins around a peak move with it.
    """

    def __init__(self, hop_length: int, n_fft: int) -> None:
        super().__init__()
        bins = torch.arange(TONE_BINS)
        self.radians_per_bin = _TURN * hop_length / n_fft
        self.bins = nn.Buffer(bins)
        self.always = nn.Buffer(bins < _ALWAYS_TONAL_BINS)

    def forward(self, power: torch.Tensor) -> Tones:
        """Take a power spectrum, float64 `[batch, frames, TONE_BINS]`."""
        height = 0.5 * torch.log(power + _FAINT)
        left = torch.cat([height[..., :1], height[..., :-1]], dim=-1)
        right = torch.cat([height[..., 1:], height[..., -1:]], dim=-1)
        # Not `right > height + _TIE`: the exporter drops the addition of so small a number.
        to_right = right - left > -_TIE
        up = (right - height > _TIE) & to_right
        down = (left - height > _TIE) & ~to_right
        peak = self.bins + up.long() - down.long()
        for _ in range(_CLIMBS):
            peak = torch.gather(peak, 2, peak)
        curvature = left - 2.0 * height + right
        vertex = 0.5 * (left - right) / curvature.clamp(max=-1e-3)
        advance = (self.bins + vertex.clamp(-0.5, 0.5)) * self.radians_per_bin
        return Tones(
            peak=peak,
            is_tonal=(torch.gather(curvature, 2, peak) < _SHARP) | (self.always & (power > _FAINT)),
            advance=torch.gather(advance, 2, peak),
        )


class TonePhase(nn.Module):
    """Carries the tones' phases from frame to frame; what is not a tone starts anew as noise.

    A tonal bin has the phase that its peak had in the frame before, advanced by the mean of the
    peak's advance then and now. That is a recurrence, frame by frame; here it is a prefix scan: two
    steps "take the phase of bin `origin` and add `turn`" are one such step, so doubling the reach
    six times covers 64 frames (Hillis and Steele 1986). A noise bin takes its phase from one place
    more, which holds a phase of 0.
    """

    def forward(
        self,
        tones: Tones,
        noise: torch.Tensor,
        start: torch.Tensor,
        start_advance: torch.Tensor,
    ) -> torch.Tensor:
        """Return the phases as unit vectors.

        Args:
            tones: Of each frame.
            noise: Phases for the rest, radians, `[batch, frames, TONE_BINS]`.
            start: Unit vectors of the frame before, `[batch, 2, TONE_BINS]`.
            start_advance: That frame's advance, `[batch, TONE_BINS]`, radians a hop.

        Returns:
            `[batch, 2, frames, TONE_BINS]` (real, imaginary), float32.
        """
        before = torch.cat([start_advance.double()[:, None], tones.advance[:, :-1]], dim=1)
        advance = 0.5 * (tones.advance + torch.gather(before, 2, tones.peak))
        advance = advance - torch.floor(advance * (1.0 / _TURN)) * _TURN
        nowhere = torch.full_like(tones.peak[..., :1], TONE_BINS)
        origin = torch.cat(
            [torch.where(tones.is_tonal, tones.peak, TONE_BINS), nowhere], dim=2
        )  # [batch, frames, TONE_BINS + 1]
        turn = torch.where(tones.is_tonal, advance, noise.double())
        turn = torch.cat([turn, torch.zeros_like(turn[..., :1])], dim=2)
        frames = origin.shape[1]
        reach = 1
        while reach < frames:
            later = origin[:, reach:]
            earlier_turn = torch.gather(turn[:, :-reach], 2, later)
            earlier_origin = torch.gather(origin[:, :-reach], 2, later)
            turn = torch.cat([turn[:, :reach], turn[:, reach:] + earlier_turn], dim=1)
            origin = torch.cat([origin[:, :reach], earlier_origin], dim=1)
            reach *= 2
        turn = (turn - torch.floor(turn * (1.0 / _TURN)) * _TURN).float()[..., :TONE_BINS]
        origin = origin[..., :TONE_BINS].flatten(1)
        cos, sin = torch.cos(turn), torch.sin(turn)
        real = torch.cat([start[:, 0], torch.ones_like(start[:, 0, :1])], dim=1)
        imaginary = torch.cat([start[:, 1], torch.zeros_like(start[:, 1, :1])], dim=1)
        real = torch.gather(real, 1, origin).view_as(cos)
        imaginary = torch.gather(imaginary, 1, origin).view_as(cos)
        return torch.stack([real * cos - imaginary * sin, real * sin + imaginary * cos], dim=1)
