"""The reconstruction "refined": from mel power alone to sound, one block of frames at a time.

A linear magnitude is fitted to the mel bands. The phase starts tonal where the spectrum has sharp
peaks and as noise elsewhere. Then a few passes of Griffin-Lim (1984) between sound and spectrum,
with momentum (Perraudin, Balazs and Soendergaard 2013), each of which pulls the mel bands of the
result to their target rather than each bin to a guessed magnitude, and holds back what comes before
an onset (transients.py). Frames at a block's end are only looked at: the next block decides on them
(after Zhu, Beauregard and Wyse 2007).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from distill_export.graph.dft import InverseRealDFT, RealDFT, check_sizes
from distill_export.graph.mel_bands import MelLayout
from distill_export.graph.refined.linear_power import MAX_LOG_RATIO, LinearPower, log_mel
from distill_export.graph.refined.noise import NoisePhase
from distill_export.graph.refined.tones import TONE_BINS, FindTones, TonePhase
from distill_export.graph.refined.transients import Transients
from distill_export.reference.log_mel import mel_power
from distill_runtime.contract import HOP_FRAMES

LOOKAHEAD_FRAMES = 2
OVERLAP_HOPS = 3  # hops that a frame reaches beyond its own

_MOMENTUM = 0.8
_PULL = 0.6
_MAX_RISE = 1.5
_ENVELOPE = 1.5  # four squared Hann windows, summed
_INAUDIBLE = 1e-12
_FAINT = 1e-4  # a magnitude below which a bin's own phase means little


class BlockState(NamedTuple):
    """What a block hands to the next."""

    audio: torch.Tensor  # [batch, hop_length, 3], hops that wait for later frames
    phase: torch.Tensor  # [batch, 2, TONE_BINS], unit vectors of the last committed frame
    advance: torch.Tensor  # [batch, TONE_BINS], that frame's, radians a hop
    position: torch.Tensor  # [batch], row of the noise table


class RefinedBlock(nn.Module):
    """Turns 47 frames, and the two after them, into 47 hops of sound."""

    def __init__(
        self, filterbank: torch.Tensor, *, n_fft: int, hop_length: int, passes: int
    ) -> None:
        """Prepare the constants.

        Args:
            filterbank: `[n_bins, n_mels]`, no bin in more than two adjacent bands.
            n_fft: Length of a frame, 2048.
            hop_length: Samples from one frame to the next, 512.
            passes: How many, 0 or more.
        """
        super().__init__()
        check_sizes(n_fft, hop_length)
        self.hop_length = hop_length
        self.passes = passes
        self.inverse_dft = InverseRealDFT()
        self.dft = RealDFT()
        self.mel = MelLayout(filterbank)
        self.linear_power = LinearPower(self.mel, filterbank)
        self.find_tones = FindTones(hop_length, n_fft)
        self.tone_phase = TonePhase()
        self.noise_phase = NoisePhase(n_fft=n_fft, hop_length=hop_length)
        self.transients = Transients(
            n_fft=n_fft, hop_length=hop_length, frames=HOP_FRAMES + LOOKAHEAD_FRAMES
        )
        bins = InverseRealDFT.bins()
        # Phases refer to a frame's centre, transforms to its beginning: odd bins are negative.
        alternating = 1.0 - 2.0 * (bins % 2)
        self.bins = nn.Buffer(bins)
        self.alternating = nn.Buffer(alternating[:, None])
        slots = _slots_of_bins(bins)[:TONE_BINS]
        self.tone_slots = nn.Buffer(slots)
        self.tone_alternating = nn.Buffer(alternating[slots])
        window = torch.hann_window(n_fft, periodic=True, dtype=torch.float64)[:, None]
        self.window = nn.Buffer(window.float())
        self.synthesis_window = nn.Buffer((window / _ENVELOPE).float())

    def initial_state(self, batch: int) -> BlockState:
        """Return what a stream starts with: its phases are the noise table's first row."""
        phase = self.noise_phase(torch.zeros(1), 1)[:, 0, :TONE_BINS]
        phase = torch.stack([torch.cos(phase), torch.sin(phase)], dim=1)
        advance = self.find_tones.bins.float() * self.find_tones.radians_per_bin
        return BlockState(
            audio=torch.zeros(batch, self.hop_length, OVERLAP_HOPS),
            phase=phase.expand(batch, -1, -1),
            advance=advance.expand(batch, -1),
            position=torch.zeros(batch),
        )

    def forward(
        self, log_power: torch.Tensor, *before: torch.Tensor
    ) -> tuple[torch.Tensor, BlockState]:
        """Render a block.

        Args:
            log_power: log1p of the mel power, float64 `[batch, n_mels, 49]`.
            before: The fields of the `BlockState` that the block before left.

        Returns:
            Audio `[batch, 47 * hop_length]` and the next state.
        """
        state = BlockState(*before)
        power = mel_power(log_power)
        target = log_mel(power).float()
        linear = self.linear_power(power)
        tones = self.find_tones(torch.index_select(linear, 1, self.tone_slots).transpose(1, 2))
        noise = self.noise_phase(state.position, log_power.shape[-1])
        tonal = self.tone_phase(tones, noise[..., :TONE_BINS], state.phase, state.advance)
        spectrum = self._start(linear.sqrt().float(), tonal, noise[..., TONE_BINS:])

        sound = ahead = self._synthesize(spectrum, state.audio)
        if self.passes:
            limits = self.transients.limits(self.transients.energy(power))
            sound = ahead = self.transients.hold_back(sound, limits)
        for i in range(self.passes):
            if i:
                last = sound
                sound = self._synthesize(spectrum, state.audio)
                sound = self.transients.hold_back(sound, limits)
                ahead = sound + _MOMENTUM * (sound - last)
            spectrum = self._pull_to_mel(self._analyze(ahead), target)
        if self.passes:
            sound = self._synthesize(spectrum, state.audio)

        committed = spectrum[..., :HOP_FRAMES]
        reaching = committed[..., -OVERLAP_HOPS:]  # the frames that reach beyond the block
        tail = self._synthesize(reaching, torch.zeros_like(state.audio))[..., -OVERLAP_HOPS:]
        sound = _without_denormals(sound[..., :HOP_FRAMES])
        return sound.transpose(1, 2).flatten(1), BlockState(
            audio=_without_denormals(tail),
            phase=self._phase_of(committed[..., -1], tonal[:, :, HOP_FRAMES - 1]),
            advance=tones.advance[:, HOP_FRAMES - 1].float(),
            position=torch.remainder(state.position + HOP_FRAMES, self.noise_phase.rows),
        )

    def _start(
        self, magnitude: torch.Tensor, tonal: torch.Tensor, noise: torch.Tensor
    ) -> torch.Tensor:
        """Join magnitude `[batch, slots, frames]` and phases to a spectrum."""
        phase = torch.cat(
            [tonal, torch.stack([torch.cos(noise), torch.sin(noise)], dim=1)], dim=3
        ).transpose(2, 3)  # [batch, 2, bins, frames]
        real, imaginary = torch.index_select(phase, 2, self.bins).unbind(dim=1)
        magnitude = magnitude * self.alternating
        parts = (real * magnitude, imaginary * magnitude)
        return torch.stack([part.unflatten(1, (33, 32)) for part in parts], dim=2).flatten(2, 3)

    def _synthesize(self, spectrum: torch.Tensor, tail: torch.Tensor) -> torch.Tensor:
        """Overlap-add frames and a tail to hops `[batch, hop_length, frames + 3]`."""
        frames = self.inverse_dft(spectrum) * self.synthesis_window
        quarters = frames.unflatten(1, (4, self.hop_length)).unbind(dim=1)
        hops = F.pad(tail, (0, spectrum.shape[-1]))
        for age in (3, 2, 1, 0):
            hops = hops + F.pad(quarters[age], (age, 3 - age))
        return hops

    def _analyze(self, hops: torch.Tensor) -> torch.Tensor:
        """Transform hops `[batch, hop_length, frames + 3]` to a spectrum."""
        frames = hops.shape[-1] - OVERLAP_HOPS
        quarters = [hops[..., age : age + frames] for age in range(4)]
        return self.dft(torch.cat(quarters, dim=1) * self.window, self.inverse_dft)

    def _pull_to_mel(self, spectrum: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Scale the bins of each band towards the band's target, part of the way."""
        parts = spectrum.unflatten(2, (2, 32))
        power = (parts * parts).sum(dim=2).flatten(1, 2)
        error = (target - log_mel(self.mel.total(power))).clamp(-MAX_LOG_RATIO, _MAX_RISE)
        gain = torch.exp(_PULL * self.mel.mean(error))
        return (parts * gain.unflatten(1, (33, 1, 32))).flatten(2, 3)

    def _phase_of(self, spectrum: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
        """Return the unit vectors `[batch, 2, TONE_BINS]` of one frame of a spectrum.

        Where there is nearly nothing they come from what was expected: a phase of next to nothing
        is rounding.
        """
        real, imaginary = spectrum.unflatten(2, (2, 32)).unbind(dim=2)
        parts = [torch.index_select(x.flatten(1), 1, self.tone_slots) for x in (real, imaginary)]
        vector = torch.stack(parts, dim=1) * self.tone_alternating + _FAINT * expected
        length = vector.square().sum(dim=1, keepdim=True).sqrt()
        return torch.where(length > 0, vector / length.clamp(min=1e-30), expected)


def _without_denormals(x: torch.Tensor) -> torch.Tensor:
    """Return 0 for what is below -240 dB, on its way to numbers that are slow to compute with."""
    return torch.where(x.abs() < _INAUDIBLE, 0.0, x)


def _slots_of_bins(bins: torch.Tensor) -> torch.Tensor:
    """Return for each bin the first slot that holds it."""
    first = {bin_: slot for slot, bin_ in reversed(list(enumerate(bins.tolist())))}
    return torch.tensor([first[bin_] for bin_ in range(len(first))])
