"""From normalised mel frames to a linear-frequency spectrum: magnitude and learned phase."""

from __future__ import annotations

import math

import torch
from torch import nn

from distill_export.complex_spectrogram import DatasetStatistics
from distill_export.mel import inverse_gram


class Denormalize(nn.Module):
    """Undoes the training set's normalisation, in float64.

    The phase sums thousands of these values, so their rounding would add up.
    """

    def __init__(self, stats: DatasetStatistics | None) -> None:
        super().__init__()
        stats = stats or DatasetStatistics(0.0, 1.0, 0.0, 1.0)
        mean = torch.tensor([stats.mag_mean, stats.if_mean], dtype=torch.float64)
        std = torch.tensor([stats.mag_std, stats.if_std], dtype=torch.float64)
        self.register_buffer("mean", mean.view(2, 1, 1))
        self.register_buffer("std", std.view(2, 1, 1))

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Return float64 `[batch, 2, n_mels, frames]`: log power, and advance over pi."""
        return mel.double() * self.std + self.mean


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
    """Least-squares mel inversion, evaluated at any list of bins.

    `x = F pinv(F^T F) m`: a small dense product, then two bands a bin (mel.py). In float64, since
    narrow low bands make the small matrix large where its products cancel, some of them not before
    the two bands are added: with bands in float32 the magnitude alone would cost 13 dB.
    """

    def __init__(self, filterbank: torch.Tensor, bins: torch.Tensor) -> None:
        """Prepare the inversion.

        Args:
            filterbank: `[n_bins, n_mels]`, no bin in more than two adjacent bands.
            bins: int64 `[slots]`, the bin wanted in each slot of the output.
        """
        super().__init__()
        self.register_buffer("gram", inverse_gram(filterbank))
        lower, weights = two_bands(filterbank.double())
        self.register_buffer("lower", lower[bins])
        self.register_buffer("upper", lower[bins] + 1)
        self.register_buffer("lower_weight", weights[bins, 0, None])
        self.register_buffer("upper_weight", weights[bins, 1, None])

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Invert float64 `[..., n_mels, frames]` to `[..., slots, frames]`."""
        bands = self.gram @ mel
        below = torch.index_select(bands, -2, self.lower) * self.lower_weight
        above = torch.index_select(bands, -2, self.upper) * self.upper_weight
        return below + above


def two_bands(filterbank: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return each bin's lower band `[n_bins]` and its weights there and one above `[n_bins, 2]`."""
    n_mels = filterbank.shape[1]
    lower = (filterbank > 0).to(torch.int64).argmax(dim=1).clamp(max=n_mels - 2)
    weights = torch.stack(
        [
            filterbank.gather(1, lower[:, None])[:, 0],
            filterbank.gather(1, lower[:, None] + 1)[:, 0],
        ],
        dim=1,
    )
    if not torch.equal(weights.sum(dim=1), filterbank.sum(dim=1)):
        raise ValueError("a bin of the filterbank is in more than two adjacent bands")
    return lower, weights


class LearnedSpectrum(nn.Module):
    """The reconstruction "learned": magnitude and phase from the mel bands, by least squares."""

    def __init__(
        self, stats: DatasetStatistics | None, filterbank: torch.Tensor, bins: torch.Tensor
    ) -> None:
        super().__init__()
        self.denormalize = Denormalize(stats)
        self.phase_sum = PhaseSum()
        self.inverse_mel = InverseMel(filterbank, bins)

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
        log_power, frequency = self.denormalize(mel).unbind(dim=1)
        amplitude = torch.relu(torch.exp(log_power) - 1.0).sqrt()
        summed, new_phase = self.phase_sum(frequency, phase)
        magnitude = torch.relu(self.inverse_mel(amplitude).float())
        turns = torch.relu(self.inverse_mel(summed))
        # Wrapped only now, so that float32 holds it to 2e-7 rad at any length.
        angle = (turns - torch.floor(turns)).float() * (2.0 * math.pi)
        return magnitude * torch.cos(angle), magnitude * torch.sin(angle), new_phase
