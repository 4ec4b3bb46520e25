"""Sound to two-channel mel spectrogram and back: log power, and instantaneous frequency.

This is the reference that every artifact is compared with: plain PyTorch, next to the formulas.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from distill_export.reference.mel import htk_filterbank, mel_to_linear


@dataclass(frozen=True)
class DatasetStatistics:
    """Mean and standard deviation of the two channels over a training set."""

    mag_mean: float
    mag_std: float
    if_mean: float
    if_std: float


class ComplexSpectrogram:
    """The transform between a waveform and the spectrogram that the model learns.

    Channel 0 is `log1p` of the mel power. Channel 1 is the phase's advance from frame to frame in
    units of pi, -1 to 1, averaged over each mel band.
    """

    def __init__(
        self,
        *,
        sample_rate_hz: int = 48_000,
        n_fft: int = 2048,
        hop_length: int = 512,
        n_mels: int = 128,
        masking_threshold: float = 1e-5,
    ) -> None:
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.masking_threshold = masking_threshold
        self.window = torch.hann_window(n_fft, periodic=True)
        self.filterbank = htk_filterbank(sample_rate_hz, n_fft, n_mels)

    def to(self, device: torch.device | str) -> ComplexSpectrogram:
        """Move the constants to a device and return self."""
        self.window = self.window.to(device)
        self.filterbank = self.filterbank.to(device)
        return self

    def waveform_to_complex_mel(self, waveform: torch.Tensor) -> torch.Tensor:
        """Analyse a waveform.

        Args:
            waveform: `[batch, 1, samples]`, more than `n_fft // 2` samples.

        Returns:
            `[batch, 2, n_mels, frames]`, frames = samples // hop_length + 1.
        """
        spectrum = torch.stft(
            waveform.squeeze(1),
            self.n_fft,
            self.hop_length,
            window=self.window.to(waveform.dtype),
            center=True,
            pad_mode="reflect",
            return_complex=True,
        )  # [batch, bins, frames]
        filters = self.filterbank.to(waveform.dtype)
        power = filters.T @ spectrum.abs().square()
        angle = spectrum.angle()
        step = torch.diff(angle, dim=-1, prepend=angle[..., :1])  # the first frame advances by 0
        wrapped = torch.remainder(step + torch.pi, 2 * torch.pi) - torch.pi
        weights = filters / filters.sum(dim=0).clamp(min=1e-8)
        frequency = weights.T @ (wrapped / torch.pi)
        frequency = torch.where(power < self.masking_threshold, 0.0, frequency)
        return torch.stack([torch.log1p(power), frequency], dim=1)

    def complex_mel_to_waveform(
        self,
        spectrogram: torch.Tensor,
        stats: DatasetStatistics | None = None,
        *,
        samples: int | None = None,
    ) -> torch.Tensor:
        """Resynthesise a waveform with the reconstruction "learned".

        Magnitude and summed phase go to linear frequency by least squares, both cut off at 0, and
        through the centred inverse STFT. The phase grows without bound and the cut makes it
        aperiodic, so it is summed and projected in float64 whatever the input's type: in float32
        the sound would be 74 dB from the formula at 60 s.

        Args:
            spectrogram: `[batch, 2, n_mels, frames]`, float32 or float64.
            stats: Statistics that the spectrogram was normalised with; None if it was not.
            samples: Length wanted, up to `frames * hop_length`; by default a hop less, which is
                where the centred transform ends.

        Returns:
            `[batch, 1, samples]` in the type of the input.
        """
        if stats is not None:
            spectrogram = self.denormalize(spectrogram, stats)
        log_power, frequency = spectrogram.unbind(dim=1)
        amplitude = torch.expm1(log_power).clamp(min=0.0).sqrt()
        magnitude = mel_to_linear(amplitude, self.filterbank).clamp(min=0.0)
        phase = torch.cumsum(torch.pi * frequency.double(), dim=-1)
        phase = mel_to_linear(phase, self.filterbank).clamp(min=0.0)
        phase = torch.remainder(phase, 2 * torch.pi).to(magnitude.dtype)
        waveform = torch.istft(
            torch.polar(magnitude, phase),
            self.n_fft,
            self.hop_length,
            window=self.window.to(magnitude.dtype),
            center=True,
            length=samples,
        )
        return waveform.unsqueeze(1)

    def compute_dataset_statistics(self, spectrograms: Iterable[torch.Tensor]) -> DatasetStatistics:
        """Return the statistics of many spectrograms `[batch, 2, n_mels, frames]`, in one pass.

        Chan's pairwise update (Chan, Golub and LeVeque 1979) keeps the precision of two passes.

        Raises:
            ValueError: There is no value at all.
        """
        count = 0
        mean = torch.zeros(2, dtype=torch.float64)
        squares = torch.zeros(2, dtype=torch.float64)  # summed squared deviations from the mean
        for spectrogram in spectrograms:
            values = spectrogram.detach().double().cpu().transpose(0, 1).flatten(1)
            if not (added := values.shape[1]):
                continue
            added_mean = values.mean(dim=1)
            delta = added_mean - mean
            total = count + added
            squares += (values - added_mean[:, None]).square().sum(dim=1)
            squares += delta.square() * (count * added / total)
            mean += delta * (added / total)
            count = total
        if not count:
            raise ValueError("no spectrogram to take statistics of")
        # A silent channel has no spread: 1 keeps normalisation defined.
        std = (squares / count).sqrt()
        std = torch.where(std > 1e-8, std, 1.0)
        return DatasetStatistics(*(float(v) for pair in zip(mean, std, strict=True) for v in pair))

    def normalize(self, spectrogram: torch.Tensor, stats: DatasetStatistics) -> torch.Tensor:
        """Return `(value - mean) / std` for each channel of `[batch, 2, n_mels, frames]`."""
        mean, std = self._per_channel(spectrogram, stats)
        return (spectrogram - mean) / std

    def denormalize(self, spectrogram: torch.Tensor, stats: DatasetStatistics) -> torch.Tensor:
        """Return `value * std + mean` for each channel of `[batch, 2, n_mels, frames]`."""
        mean, std = self._per_channel(spectrogram, stats)
        return spectrogram * std + mean

    @staticmethod
    def _per_channel(
        like: torch.Tensor, stats: DatasetStatistics
    ) -> tuple[torch.Tensor, torch.Tensor]:
        mean = like.new_tensor([stats.mag_mean, stats.if_mean]).view(1, 2, 1, 1)
        std = like.new_tensor([stats.mag_std, stats.if_std]).view(1, 2, 1, 1)
        return mean, std
