"""Sound to two-channel mel spectrogram and back: log power, and instantaneous frequency.

This is the reference that every artifact is compared with: plain PyTorch, next to the formulas.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict

import torch

from distill_export.reference.mel import htk_filterbank, inverse_filterbank
from distill_runtime.contract import SAMPLE_RATE_HZ
from distill_runtime.errors import RequestError


class Statistics(TypedDict):
    """Mean and standard deviation of the two channels over a training set."""

    mag_mean: float
    mag_std: float
    if_mean: float
    if_std: float


@dataclass(frozen=True)
class ComplexSpectrogramConfig:
    """The settings of the two-channel spectrogram.

    Attributes:
        if_masking_threshold: Mel power below which the instantaneous frequency counts as 0.
        n_fft: Samples of a window.
        hop_length: Samples from one window to the next.
        n_mels: Mel bands.
    """

    if_masking_threshold: float = 1e-5
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 128


class ComplexSpectrogram:
    """The transform between a waveform at 48 kHz and the spectrogram that the model learns.

    Channel 0 is `log1p` of the mel power. Channel 1 is the phase's advance from frame to frame in
    units of pi, -1 to 1, averaged over each mel band.

    Args:
        config: The settings, which stay at hand as `config`; by default those of every model.
    """

    def __init__(self, config: ComplexSpectrogramConfig | None = None) -> None:
        self.config = config or ComplexSpectrogramConfig()
        self.window = torch.hann_window(self.config.n_fft, periodic=True)
        self.filterbank = htk_filterbank(SAMPLE_RATE_HZ, self.config.n_fft, self.config.n_mels)

    @cached_property
    def _inverse(self) -> torch.Tensor:
        return inverse_filterbank(self.filterbank.cpu())

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
            self.config.n_fft,
            self.config.hop_length,
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
        frequency = torch.where(power < self.config.if_masking_threshold, 0.0, frequency)
        return torch.stack([torch.log1p(power), frequency], dim=1)

    def complex_mel_to_waveform(
        self,
        spectrogram: torch.Tensor,
        stats: Statistics | None = None,
        sample_rate: int = SAMPLE_RATE_HZ,
        *,
        samples: int | None = None,
    ) -> torch.Tensor:
        """Resynthesise a waveform with the reconstruction "learned".

        Magnitude and summed phase go to linear frequency by least squares, both cut off at 0, and
        through the centred inverse STFT. The phase grows without bound and the cut makes it
        aperiodic, so it is summed and projected in float64 whatever the input's type: in float32
        the sound would be 74 dB from the formula at 60 s. All of it is done on the CPU, because
        not every device has float64.

        Args:
            spectrogram: `[batch, 2, n_mels, frames]`, float32 or float64.
            stats: Statistics that the spectrogram was normalised with; None if it was not.
            sample_rate: In Hz; there is no other than 48,000.
            samples: Length wanted, up to `frames * hop_length`; by default a hop less, which is
                where the centred transform ends.

        Returns:
            `[batch, 1, samples]` in the type and on the device of the input.

        Raises:
            RequestError: It is another sample rate.
        """
        if sample_rate != SAMPLE_RATE_HZ:
            raise RequestError(
                f"the sample rate is {sample_rate!r}, but spectrograms are of {SAMPLE_RATE_HZ} Hz: "
                "resample the waveform"
            )
        if stats is not None:
            spectrogram = self.denormalize(spectrogram, stats)
        log_power, frequency = spectrogram.cpu().unbind(dim=1)
        amplitude = torch.expm1(log_power).clamp(min=0.0).sqrt()
        magnitude = (self._inverse.to(amplitude.dtype) @ amplitude).clamp(min=0.0)
        phase = torch.cumsum(torch.pi * frequency.double(), dim=-1)
        phase = (self._inverse @ phase).clamp(min=0.0)
        phase = torch.remainder(phase, 2 * torch.pi).to(magnitude.dtype)
        waveform = torch.istft(
            torch.polar(magnitude, phase),
            self.config.n_fft,
            self.config.hop_length,
            window=self.window.to(magnitude),
            center=True,
            length=samples,
        )
        return waveform.unsqueeze(1).to(spectrogram.device)

    def compute_dataset_statistics(self, spectrograms: Iterable[torch.Tensor]) -> Statistics:
        """Return the statistics of many spectrograms, in one pass.

        Chan's pairwise update (Chan, Golub and LeVeque 1979) keeps the precision of two passes.
        The deviation is that of a sample: the sum of squares is divided by one less than there are.

        Args:
            spectrograms: `[batch, 2, n_mels, frames]` or `[2, n_mels, frames]`, not normalised.

        Raises:
            RequestError: There is no value at all, or a spectrogram has another shape.
        """
        count = 0
        mean = torch.zeros(2, dtype=torch.float64)
        squares = torch.zeros(2, dtype=torch.float64)  # summed squared deviations from the mean
        for spectrogram in spectrograms:
            values = _channels(spectrogram)
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
            raise RequestError("there is no spectrogram to take statistics of")
        # A silent channel has no spread: 1 keeps normalisation defined.
        std = (squares / max(count - 1, 1)).sqrt()
        std = torch.where(std > 1e-8, std, 1.0)
        (mag_mean, if_mean), (mag_std, if_std) = mean.tolist(), std.tolist()
        return Statistics(mag_mean=mag_mean, mag_std=mag_std, if_mean=if_mean, if_std=if_std)

    def normalize(self, spectrogram: torch.Tensor, stats: Statistics) -> torch.Tensor:
        """Return `(value - mean) / std` for each channel of `[..., 2, n_mels, frames]`."""
        mean, std = self._per_channel(spectrogram, stats)
        return (spectrogram - mean) / std

    def denormalize(self, spectrogram: torch.Tensor, stats: Statistics) -> torch.Tensor:
        """Return `value * std + mean` for each channel of `[..., 2, n_mels, frames]`."""
        mean, std = self._per_channel(spectrogram, stats)
        return spectrogram * std + mean

    @staticmethod
    def _per_channel(like: torch.Tensor, stats: Statistics) -> tuple[torch.Tensor, torch.Tensor]:
        mean = like.new_tensor([stats["mag_mean"], stats["if_mean"]]).view(2, 1, 1)
        std = like.new_tensor([stats["mag_std"], stats["if_std"]]).view(2, 1, 1)
        return mean, std


def _channels(spectrogram: torch.Tensor) -> torch.Tensor:
    """Return the values of each channel, float64 `[2, values]`."""
    if spectrogram.ndim not in (3, 4) or spectrogram.shape[-3] != 2:
        raise RequestError(
            f"a spectrogram has shape {list(spectrogram.shape)}, expected [batch, 2, n_mels, "
            "frames] or [2, n_mels, frames]"
        )
    return spectrogram.detach().cpu().double().transpose(0, -3).flatten(1)
