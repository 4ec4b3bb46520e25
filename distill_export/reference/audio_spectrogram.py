"""The mel spectrogram that a model is trained on: its settings, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SpectrogramConfig:
    """The settings of a mel spectrogram.

    Attributes:
        sample_rate: In Hz.
        n_fft: Samples of a window.
        hop_length: Samples from one window to the next.
        n_mels: Mel bands.
        f_min: Lower end of the lowest band, in Hz.
        f_max: Upper end of the highest band, in Hz; None: half the sample rate.
        power: Of the magnitude that the bands sum: 2 for power.
    """

    sample_rate: int = 48_000
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 128
    f_min: float = 0.0
    f_max: float | None = None
    power: float = 2.0

    def to_dict(self) -> dict[str, int | float | None]:
        """Return the dict that a model file holds."""
        return dict(vars(self))


class AudioSpectrogram:
    """What generation asks of the spectrogram: its settings, and the frames of a sound.

    Args:
        config: The settings, which stay at hand as `config`; by default those of every model.
    """

    def __init__(self, config: SpectrogramConfig | None = None) -> None:
        self.config = config or SpectrogramConfig()

    def get_mel_shape(self, num_samples: int) -> tuple[int, int]:
        """Return `(n_mels, frames)` of so many samples, with the centred transform's padding."""
        return self.config.n_mels, num_samples // self.config.hop_length + 1
