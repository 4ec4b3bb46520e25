"""From normalised mel frames to a linear-frequency spectrum: magnitude and learned phase."""

from __future__ import annotations

import math

import torch
from torch import nn

from distill_export.graph.denormalize import IDENTITY, Denormalize
from distill_export.graph.mel_bands import TwoBands, two_bands
from distill_export.reference.mel import inverse_gram
from distill_runtime.contract import Normalization

_MOST_GROWTH = 3.0  # of a rounding in a mel band on its way to a bin, for float32 to be enough
_NOTHING = 1e-12  # of a weight, in a row of weights near 1: a rounding of float64


class PhaseSum(nn.Module):
    """Sums the phase's advance over frames, going on from where the stream stands.

    In turns, not radians: wrapping is then taking the fraction, and no factor of pi, which the
    exporter would round to float32, comes near the float64 numbers.
    """

    def forward(
        self, frequency: torch.Tensor, phase: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Integrate.

        Args:
            frequency: float64 `[batch, n_mels, frames]`, the advance in half turns.
            phase: float64 `[batch, n_mels]`, the sum so far in turns.

        Returns:
            The unwrapped phase of each frame, in turns, and the last of them. Unwrapped because
            what follows cuts it off at 0, and so is not periodic.
        """
        # The sum so far goes first into the same sequential sum: cutting a stream changes nothing.
        terms = torch.cat([phase[..., None], 0.5 * frequency], dim=-1)
        summed = torch.cumsum(terms, dim=-1)[..., 1:]
        return summed, summed[..., -1]


class InverseMel(nn.Module):
    """Least-squares mel inversion in float64, evaluated at any list of bins.

    `x = F pinv(F^T F) m`: a small dense product, then two bands a bin (mel.py).
    """

    def __init__(self, filterbank: torch.Tensor, bins: torch.Tensor) -> None:
        """Prepare the inversion.

        Args:
            filterbank: `[n_bins, n_mels]`, no bin in more than two adjacent bands.
            bins: int64 `[slots]`, the bin wanted in each slot of the output.
        """
        super().__init__()
        self.gram = nn.Buffer(inverse_gram(filterbank))
        bands, weights = two_bands(filterbank.double())
        self.spread = TwoBands(bands[bins], weights[bins])

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Invert float64 `[..., n_mels, frames]` to `[..., slots, frames]`."""
        return self.spread(self.gram @ mel)


class Magnitude(nn.Module):
    """The magnitude of each bin from the mel bands' log power, by least squares, not below zero.

    In float32, as the magnitude is wanted, but for the lowest bins. There the bands are narrower
    than a bin, so that the inverse is a thousand times larger than what is left when its products
    are added up: all of it in float32 would cost 20 dB and more. But these bins, 0 to 12, hang on
    the lowest dozen of bands alone, and so few can be computed in float64 for nothing.
    """

    def __init__(self, stats: Normalization, filterbank: torch.Tensor, bins: torch.Tensor) -> None:
        """Prepare the inversion, as `InverseMel` does."""
        super().__init__()
        gram = inverse_gram(filterbank)
        bands, weights = two_bands(filterbank.double())
        growth = (weights * gram.norm(dim=1)[bands]).sum(dim=1)
        low_bins = _up_to_last(growth > _MOST_GROWTH)
        low_rows = filterbank[:low_bins].double() @ gram
        self.low_bands = _up_to_last((low_rows.abs() > _NOTHING).any(dim=0))
        # Behind the bands stand the low bins, each to be taken as it is.
        bands[:low_bins] = len(gram) + torch.arange(low_bins)[:, None]
        weights[:low_bins] = torch.tensor([1.0, 0.0], dtype=torch.float64)

        self.log_power = Denormalize(stats.mag_mean, stats.mag_std, torch.float32)
        self.low_log_power = Denormalize(stats.mag_mean, stats.mag_std, torch.float64)
        self.gram = nn.Buffer(gram.float())
        self.low_rows = nn.Buffer(low_rows[:, : self.low_bands].contiguous())
        self.spread = TwoBands(bands[bins], weights[bins].float())

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Return `[batch, slots, frames]` for normalised log power `[batch, n_mels, frames]`."""
        power = expm1(self.log_power(mel))
        low_power = torch.exp(self.low_log_power(mel[:, : self.low_bands])) - 1.0
        bands = self.gram @ torch.relu(power).sqrt()
        low_bins = self.low_rows @ torch.relu(low_power).sqrt()
        return torch.relu(self.spread(torch.cat([bands, low_bins.float()], dim=1)))


def expm1(x: torch.Tensor) -> torch.Tensor:
    """Return `e^x - 1`, for small x too, from what ONNX has: `tanh(x / 2) (e^x + 1)`."""
    return torch.tanh(0.5 * x) * (torch.exp(x) + 1.0)


def _up_to_last(wanted: torch.Tensor) -> int:
    """Return how many there are up to the last that is wanted, at least one."""
    return 1 + int(torch.cat([wanted.nonzero()[:, 0], torch.zeros(1, dtype=torch.int64)]).max())


class LearnedSpectrum(nn.Module):
    """The reconstruction "learned": magnitude and phase from the mel bands, by least squares.

    The phase is computed in float64: it sums thousands of frames, so that their rounding would add
    up, and float32 could not tell the fractions of so many turns.
    """

    def __init__(
        self, stats: Normalization | None, filterbank: torch.Tensor, bins: torch.Tensor
    ) -> None:
        super().__init__()
        stats = stats or IDENTITY
        self.magnitude = Magnitude(stats, filterbank, bins)
        self.frequency = Denormalize(stats.if_mean, stats.if_std, torch.float64)
        self.phase_sum = PhaseSum()
        self.turns = InverseMel(filterbank, bins)

    def forward(
        self, mel: torch.Tensor, phase: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the spectrum of each frame.

        Args:
            mel: `[batch, 2, n_mels, frames]`, normalised.
            phase: float64 `[batch, n_mels]`, the sum so far in turns.

        Returns:
            Real part and imaginary part, float32 `[batch, slots, frames]`, and the new phase sum.
        """
        log_power, advance = mel.unbind(dim=1)
        magnitude = self.magnitude(log_power)
        summed, new_phase = self.phase_sum(self.frequency(advance), phase)
        turns = torch.relu(self.turns(summed))
        # Wrapped only now, so that float32 holds it to 2e-7 rad at any length.
        angle = (turns - torch.floor(turns)).float() * (2.0 * math.pi)
        return magnitude * torch.cos(angle), magnitude * torch.sin(angle), new_phase
