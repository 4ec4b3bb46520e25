"""How a sound moves: its onsets, what comes before them, and the rhythm of its bands."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.listening.levels import level_db
from benchmarks.listening.spectra import FRAME_RATE_HZ
from distill_export.reference.log_mel import FLOOR
from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.contract import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from benchmarks.listening.sounds import Sound

_N_FFT, _HOP = 512, 128  # 10.7 ms, one period of the frame rate, whose buzz is no onset
_RISE = _N_FFT // _HOP  # hops from a window to the one that begins where it ends
_BEFORE = 8  # hops, 21 ms
_HOPS_IN_SECOND = SAMPLE_RATE_HZ // _HOP
_BANDS = 20
_BAND_HZ = (200.0, 16_000.0)  # a period of what is deeper does not fit a window
_QUIET_DB = -60.0  # under the loudest cell: what rises out of less is not heard to
_ONSET_DB = 12.0
_MODULATION_HZ = (1.0, 40.0)


def sharpest_onsets(sound: Float32Array) -> list[tuple[float, float]]:
    """Find the sharpest onset of each second of a sound, and the rise of what comes before it.

    The strength of an onset is the spectral flux of levels (Bello et al., "A tutorial on onset
    detection in music signals", 2005, section III.B): `mean over bands of max(0, L(t) - L(t - 10.7
    ms))`, levels `L` in dB of 20 bands of equal ratio from 200 Hz to 16 kHz, Hann windows of 512
    samples every 128, and 60 dB under the loudest cell for silence, out of which the sound begins.

    Args:
        sound: `[samples]`.

    Returns:
        For each second the strength in dB and, if that is 12 dB or more, how much the levels rise
        in the 21 ms before the onset, mean over the bands, of which a pre-echo is a part: a window
        spreads an onset over its length (Painter and Spanias, "Perceptual coding of digital audio",
        2000, section II.C). NaN otherwise.
    """
    level = _band_levels(sound)
    rises = level[:, _RISE:] - level[:, :-_RISE]
    strength = np.maximum(rises, 0.0).mean(axis=0)
    first = 2 * _BEFORE
    found = []
    for start in range(first, len(strength), _HOPS_IN_SECOND):
        here = start + int(strength[start : start + _HOPS_IN_SECOND].argmax())
        ahead = float("nan")
        if strength[here] >= _ONSET_DB:
            # A hop earlier than the window before the rise, into which the onset reaches a little.
            near, far = level[:, here - 1], level[:, here - 1 - _BEFORE]
            ahead = float((near - far).mean())
        found.append((float(strength[here]), ahead))
    return found


def _band_levels(sound: Float32Array) -> Float64Array:
    """Return levels `[bands, hops]` in dB, silence ahead of the sound."""
    ahead = np.zeros((2 * _BEFORE + _RISE) * _HOP, np.float32)
    samples = torch.from_numpy(np.concatenate([ahead, sound]))
    spectrum = torch.stft(
        samples, _N_FFT, _HOP, window=torch.hann_window(_N_FFT), center=False, return_complex=True
    )
    power = spectrum.abs().square().double().numpy()
    edges_hz = np.geomspace(*_BAND_HZ, _BANDS + 1)
    bins_hz = np.arange(len(power)) * SAMPLE_RATE_HZ / _N_FFT
    bands = [
        power[_bins(bins_hz, low, high)].sum(axis=0) for low, high in itertools.pairwise(edges_hz)
    ]
    energy = np.stack(bands)
    return 10 * np.log10(energy + energy.max() * 10 ** (_QUIET_DB / 10) + 1e-12)


def _bins(bins_hz: Float64Array, low_hz: float, high_hz: float) -> slice:
    """Return the bins of a band; the next one above its beginning where none lies within."""
    first = int(np.searchsorted(bins_hz, low_hz))
    return slice(first, max(first + 1, int(np.searchsorted(bins_hz, high_hz))))


def modulation_db(sounds: Iterable[Sound]) -> torch.Tensor:
    """Return the modulation spectrum of seconds, 1 to 40 Hz, `[bands, rates]` in dB.

    Of each band's level in dB (silence is a mel power of 0.01), without its mean, under a Hann
    window, the power of the Fourier transform, mean over the seconds: how much a band moves, and
    how fast. 1 Hz is the slowest that a second knows, and many recordings are not longer.
    """
    levels = torch.cat([level_db(sound.mel, FLOOR) for sound in sounds])
    frames = levels.shape[2]
    window = torch.hann_window(frames, dtype=torch.float64)
    moving = (levels - levels.mean(dim=2, keepdim=True)) * window
    power = torch.fft.rfft(moving).abs().square().mean(dim=0)
    rates = torch.fft.rfftfreq(frames, 1 / FRAME_RATE_HZ)
    low, high = _MODULATION_HZ
    kept = (rates > low / 2) & (rates <= high)
    # A tenth of a dB, peak to peak, at one rate: what moves less stands still.
    least = (0.05 * float(window.sum()) / 2) ** 2
    return 10 * torch.log10(power[:, kept] + least)


def modulation_distance_db(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Return the root mean square difference of two modulation spectra, over bands and rates."""
    return float((found - expected).square().mean().sqrt())
