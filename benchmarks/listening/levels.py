"""Mel levels of sounds: the mean, the spread, the percentiles, and how much of them is quiet."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from distill_export.reference.complex_spectrogram import ComplexSpectrogram
from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.contract import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from benchmarks.listening.sounds import Sound

FLOOR = 1e-6  # mel power, 114 dB below a full-scale sine's
SOUNDING_DB = 60.0
HIGHEST_HZ = 19_000.0
HIGH_HZ = (4_000.0, 12_000.0)
BAND_GROUPS = ((0, 16), (48, 80), (80, 112))
PERCENTILES = (10, 50, 90, 99)
_AT_ONCE = 32


@cache
def _transform() -> ComplexSpectrogram:
    return ComplexSpectrogram()


@cache
def band_edges_hz() -> Float64Array:
    """Return where the mel bands begin, peak and end: `[n_mels + 2]`, HTK's scale."""
    top_mel = 2595 * np.log10(1 + SAMPLE_RATE_HZ / 2 / 700)
    mel = np.linspace(0, top_mel, _transform().config.n_mels + 2)
    return 700 * (10 ** (mel / 2595) - 1)


@cache
def heard_bands() -> int:
    """Return how many bands end below 19 kHz: those above meet the low-pass at 20 kHz.

    A recording at 44.1 kHz has nothing above 22 kHz and one at 48 kHz has, so nothing that is
    measured hangs on that.
    """
    return int((band_edges_hz()[2:] < HIGHEST_HZ).sum())


def mel_power(sounds: Float32Array) -> torch.Tensor:
    """Return the mel power that a model learns from, float64 `[n, bands, frames]`, to 19 kHz.

    Windows of 2048 samples every 512 (93.75 frames a second), 128 bands from 0 to 24 kHz of which
    those that can be heard are kept.

    Args:
        sounds: `[n, samples]`.
    """
    parts = [
        _transform().waveform_to_complex_mel(part[:, None])[:, 0, : heard_bands()]
        for part in torch.from_numpy(np.ascontiguousarray(sounds)).split(_AT_ONCE)
    ]
    return torch.expm1(torch.cat(parts).double()).clamp(min=0.0)


def level_db(power: torch.Tensor, floor: float = FLOOR) -> torch.Tensor:
    """Return `10 log10(power + floor)`."""
    return 10 * torch.log10(power + floor)


def sounding(power: torch.Tensor) -> torch.Tensor:
    """Return which frames sound: bool `[..., frames]` of mel power `[..., bands, frames]`.

    Those whose power is within 60 dB of the loudest frame's, so that the silence around a drum and
    the silence that fills up a second are not compared.
    """
    total = power.sum(dim=-2)
    return total > total.amax(dim=-1, keepdim=True) * 10 ** (-SOUNDING_DB / 10)


def cells_db(sounds: Iterable[Sound]) -> torch.Tensor:
    """Return the levels of all frames of seconds that sound, `[bands, frames]`, in dB."""
    found = []
    for sound in sounds:
        power = sound.mel
        found.append(level_db(power.transpose(0, 1)[:, sounding(power)]))
    return torch.cat(found, dim=1)


def quiet_db(sound: Sound) -> float:
    """Return the 10th percentile of the mel cells of a whole sound under its loudest, in dB."""
    power = sound.whole_mel
    levels = level_db(power[:, sounding(power)]).numpy()
    return float(np.percentile(levels, 10) - levels.max())


def spread_db(cells: torch.Tensor) -> float:
    """Return a band's standard deviation over all frames, mean over the bands, in dB."""
    return float(cells.std(dim=1, correction=0).mean())


def percentiles_db(cells: torch.Tensor) -> dict[str, float]:
    """Return the percentiles of the levels of three groups of bands, "0-15 p10" and so on."""
    return {
        f"{first}-{last - 1} p{percentile}": float(np.percentile(cells[first:last], percentile))
        for first, last in BAND_GROUPS
        for percentile in PERCENTILES
    }


def mean_difference_db(found: torch.Tensor, expected: torch.Tensor) -> tuple[float, float]:
    """Compare mean levels `m` of bands over all frames.

    Args:
        found: `[bands, frames]` in dB.
        expected: The same, of any number of frames.

    Returns:
        `sqrt(mean over bands of (m_found - m_expected)^2)`, the log-spectral distance of the means
        (Gray and Markel, "Distance measures for speech processing", 1976), and the mean of the
        signed difference over the bands that peak from 4 to 12 kHz, both in dB.
    """
    difference = (found.mean(dim=1) - expected.mean(dim=1)).numpy()
    peaks_hz = band_edges_hz()[1 : len(difference) + 1]
    high = (peaks_hz > HIGH_HZ[0]) & (peaks_hz < HIGH_HZ[1])
    return float(np.sqrt(np.mean(difference**2))), float(difference[high].mean())
