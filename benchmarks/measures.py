"""How far a resynthesised sound is from the one that was analysed, in figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from distill_export.reference.complex_spectrogram import ComplexSpectrogram
from distill_export.reference.log_mel import log_mel_distance_db
from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.contract import HOP_LENGTH, SAMPLE_RATE_HZ

FRAME_RATE_HZ = SAMPLE_RATE_HZ / HOP_LENGTH
_SLOT = 240  # samples, 5 ms, of the envelope that onsets are found in
_ONSET_DB = 12.0
_QUIET = 1e-3  # energy in 20 ms, -60 dB: what is below is not heard before an onset


@dataclass(frozen=True)
class Measures:
    """Distances of one sound; smaller is better in each, and 0 is a perfect one."""

    log_mel_db: float  # mean difference of the mel bands' levels
    convergence: float  # of the square root of the mel power
    stft: float  # log magnitude, nepers, mean of three resolutions
    pre_echo_db: float  # energy too much in the 20 ms before onsets; NaN without onsets
    buzz_db: float  # how far multiples of the frame rate stand out, less those of the original

    @classmethod
    def of(cls, original: Float32Array, found: Float32Array) -> Measures:
        """Compare two sounds `[samples]` of one length."""
        target, mel = log_mel_power(original), log_mel_power(found)
        roots, found_roots = (torch.expm1(power).clamp(min=0.0).sqrt() for power in (target, mel))
        return cls(
            log_mel_db=float(log_mel_distance_db(mel[None], target[None])),
            convergence=float((found_roots - roots).norm() / roots.norm()),
            stft=float(np.mean([_stft_distance(original, found, n) for n in (512, 1024, 2048)])),
            pre_echo_db=_pre_echo(original, found),
            buzz_db=_comb(found) - _comb(original),
        )


def log_mel_power(sound: Float32Array) -> torch.Tensor:
    """Return log1p of the mel power, float64 `[n_mels, frames]`, that a model would learn from."""
    waveform = torch.from_numpy(sound.astype(np.float64))[None, None]
    return ComplexSpectrogram().waveform_to_complex_mel(waveform)[0, 0]


def _stft_distance(original: Float32Array, found: Float32Array, n_fft: int) -> float:
    logs = []
    for sound in (original, found):
        spectrum = torch.stft(
            torch.from_numpy(sound),
            n_fft,
            n_fft // 4,
            window=torch.hann_window(n_fft),
            return_complex=True,
        )
        logs.append(torch.log(spectrum.abs() + 1e-2))
    return float((logs[0] - logs[1]).abs().mean())


def _pre_echo(original: Float32Array, found: Float32Array) -> float:
    before, after = _envelope(original), _envelope(found)
    excess = []
    for i in range(8, len(before) - 2):
        quiet = before[i - 4 : i].sum()
        rise = 10 * np.log10((before[i : i + 2].sum() + _QUIET) / (quiet + _QUIET))
        if rise > _ONSET_DB and before[i] >= before[i - 1 : i + 1].max():
            excess.append(10 * np.log10((after[i - 4 : i].sum() + _QUIET) / (quiet + _QUIET)))
    return float(np.mean(np.maximum(excess, 0))) if excess else float("nan")


def _envelope(sound: Float32Array) -> Float64Array:
    slots = len(sound) // _SLOT
    return (sound[: slots * _SLOT].astype(np.float64).reshape(slots, _SLOT) ** 2).sum(axis=1)


def _comb(sound: Float32Array) -> float:
    """Return how far the frame rate's multiples up to 9 kHz are above their neighbours, in dB."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2 + 1e-9
    width = SAMPLE_RATE_HZ / len(sound)
    levels = []
    for multiple in np.arange(2, 96) * FRAME_RATE_HZ:
        centre, near, far = (round(hz / width) for hz in (multiple, 5.0, 30.0))
        peak = power[centre - 2 : centre + 3].mean()
        sides = np.r_[power[centre - far : centre - near], power[centre + near : centre + far]]
        levels.append(10 * np.log10(peak / sides.mean()))
    return float(np.mean(levels))
