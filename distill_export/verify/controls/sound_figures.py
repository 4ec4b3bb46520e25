"""What is measured of a sound to find controls and to name sliders.

Each figure stands for a word of musicians'. None but the loudness depends on the sound's level. Of
what has no agreed definition the simplest that follows the word was taken: Peeters, "A large set of
audio features for sound description" (2004), has most of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.contract import SAMPLE_RATE_HZ

_N_FFT = 2048
_HOP = 1024
_ENVELOPE_HOP = 256  # samples, 5.3 ms
_TINY = 1e-20

_FLATNESS_HZ = (50.0, 16_000.0)  # within the low-pass that every finished sound has passed
_FLOOR = 1e-6  # of a frame's mean power: what is quieter counts as this much
_RISE_FLOOR = 1e-3  # of the mean power: onsets out of what is quieter do not count in full
_RISE_FRAMES = 3  # 16 ms
_PERIOD_HZ = (50.0, 500.0)


@dataclass(frozen=True)
class Figure:
    """One thing that can be heard and measured.

    Attributes:
        name: What a control or a slider that moves it is called.
        unit: Of its values.
        is_level: Whether it is the level of the sound.
        also: Figures of the same kind that may show the way where this one is too crooked.
    """

    name: str
    unit: str
    is_level: bool = False
    also: tuple[str, ...] = ()


FIGURES = (
    Figure("Brightness", "octaves", also=("power centroid",)),
    Figure("Loudness", "dB", is_level=True),
    Figure("Noise", "dB"),
    Figure("Movement", "dB"),
    Figure("Attack", "dB"),
    Figure("Tone", "of 1", also=("periodicity",)),
    Figure("Warmth", "dB"),
    Figure("Presence", "dB"),
    Figure("Air", "dB"),
    Figure("Bass", "dB"),
)
COLUMNS = (
    *(figure.name for figure in FIGURES),
    *(other for figure in FIGURES for other in figure.also),
)


@torch.inference_mode()
def measure_sounds(sounds: Float32Array) -> Float64Array:
    """Measure sounds `[n, samples]` at 48 kHz, at least 0.1 s long.

    Returns:
        `[n, len(COLUMNS)]`. Brightness: centroid of the magnitudes, mean over frames, in octaves
        above 1 Hz (and that of the power of the whole). Loudness: RMS in dB of full scale. Noise:
        spectral flatness from 50 Hz to 16 kHz, mean over frames, in dB. Movement: spectral flux,
        the change of the magnitudes from frame to frame over their sum, in dB. Attack: RMS of the
        rises of the envelope over 16 ms, in dB. Tone: highest peak of the autocorrelation at
        periods of 50 to 500 Hz, after the magnitudes were flattened (and of the power as it is).
        Warmth, Presence, Air, Bass: power of 60 to 350 Hz over 350 to 2500, 2 to 6 kHz over 0.2 to
        2, 8 to 18 kHz over 0.5 to 8, 20 to 120 Hz over 120 to 1000, in dB.
    """
    samples = torch.from_numpy(np.ascontiguousarray(sounds, np.float32))
    power = _power(samples)
    magnitude = power.sqrt()
    envelope = _envelope(samples)
    whole = power.sum(1)  # [n, bins]
    found = {
        "Brightness": _octaves(_centroid(magnitude).mean(1)),
        "power centroid": _octaves(_centroid(whole)),
        "Loudness": 2.0 * _db(samples.square().mean(1).sqrt() + 1e-9),
        "Noise": _flatness_db(power).mean(1),
        "Movement": _flux_db(magnitude),
        "Attack": _attack_db(envelope),
        "Tone": _periodicity(magnitude).mean(1),
        "periodicity": _periodicity(power).mean(1),
        "Warmth": _ratio_db(whole, (60, 350), (350, 2500)),
        "Presence": _ratio_db(whole, (2000, 6000), (200, 2000)),
        "Air": _ratio_db(whole, (8000, 18_000), (500, 8000)),
        "Bass": _ratio_db(whole, (20, 120), (120, 1000)),
    }
    return torch.stack([found[column] for column in COLUMNS], dim=1).double().numpy()


def _power(samples: torch.Tensor) -> torch.Tensor:
    """Return the power of `[n, samples]` as `[n, frames, bins]`."""
    frames = samples.unfold(1, _N_FFT, _HOP) * torch.hann_window(_N_FFT)
    spectrum: torch.Tensor = torch.fft.rfft(frames)
    return spectrum.abs().square()


def _envelope(samples: torch.Tensor) -> torch.Tensor:
    """Return the mean square of `[n, samples]` in steps of 5.3 ms, `[n, steps]`."""
    whole = samples.shape[1] // _ENVELOPE_HOP * _ENVELOPE_HOP
    return samples[:, :whole].unflatten(1, (-1, _ENVELOPE_HOP)).square().mean(2)


def _bins_hz() -> torch.Tensor:
    return torch.linspace(0.0, SAMPLE_RATE_HZ / 2, _N_FFT // 2 + 1)


def _band(low_hz: float, high_hz: float) -> slice:
    return slice(
        int(low_hz * _N_FFT / SAMPLE_RATE_HZ) + 1, int(high_hz * _N_FFT / SAMPLE_RATE_HZ) + 1
    )


def _db(ratio: torch.Tensor) -> torch.Tensor:
    """Return a ratio of powers in dB."""
    return 10.0 * torch.log10(ratio)


def _octaves(frequency_hz: torch.Tensor) -> torch.Tensor:
    return torch.log2(frequency_hz + 20.0)  # silence, which has no centroid, is at 20 Hz


def _centroid(spectrum: torch.Tensor) -> torch.Tensor:
    return (spectrum * _bins_hz()).sum(-1) / (spectrum.sum(-1) + _TINY)


def _flatness_db(power: torch.Tensor) -> torch.Tensor:
    band = power[..., _band(*_FLATNESS_HZ)]
    band = band + _FLOOR * band.mean(-1, keepdim=True) + _TINY
    return 10.0 / np.log(10.0) * band.log().mean(-1) - _db(band.mean(-1))


def _flux_db(magnitude: torch.Tensor) -> torch.Tensor:
    before, after = magnitude[:, :-1], magnitude[:, 1:]
    change = (after - before).abs().sum(2) / ((after + before).sum(2) + _TINY)
    return 2.0 * _db(change.mean(1) + 1e-4)


def _attack_db(envelope: torch.Tensor) -> torch.Tensor:
    smooth = F.avg_pool1d(envelope[:, None], 3, 1)[:, 0]
    level = _db(smooth + _RISE_FLOOR * smooth.mean(1, keepdim=True) + _TINY)
    rises = (level[:, _RISE_FRAMES:] - level[:, :-_RISE_FRAMES]).clamp(min=0.0)
    return rises.square().mean(1).sqrt()


def _periodicity(spectrum: torch.Tensor) -> torch.Tensor:
    correlation: torch.Tensor = torch.fft.irfft(spectrum)
    low_hz, high_hz = _PERIOD_HZ
    lags = slice(round(SAMPLE_RATE_HZ / high_hz), round(SAMPLE_RATE_HZ / low_hz))
    return correlation[..., lags].amax(-1) / (correlation[..., 0] + _TINY)


def _ratio_db(
    power: torch.Tensor, above_hz: tuple[float, float], below_hz: tuple[float, float]
) -> torch.Tensor:
    least = 1e-10 * power.sum(1) + _TINY
    upper, lower = (power[:, _band(*band)].sum(1) + least for band in (above_hz, below_hz))
    return _db(upper) - _db(lower)
