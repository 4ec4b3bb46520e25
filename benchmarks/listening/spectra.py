"""What a sound is made of, tone or noise, and whether it buzzes at the frame rate."""

from __future__ import annotations

import numpy as np
import torch

from distill_runtime.arrays import Float32Array
from distill_runtime.contract import HOP_LENGTH, SAMPLE_RATE_HZ

FRAME_RATE_HZ = SAMPLE_RATE_HZ / HOP_LENGTH
_N_FFT, _HOP = 2048, 512
_FLATNESS_HZ = (50.0, 16_000.0)
_SOUNDING = 1e-6  # of the loudest frame's power
_TINY = 1e-12
_SLOT = 48  # samples of the envelope, 1 ms
_LINE_HZ, _NEAR_HZ, _FAR_HZ = 1.0, 3.0, 15.0
_SHORTEST_S = 0.5  # in which a line can be told from its neighbourhood


def flatness(sound: Float32Array) -> tuple[float, float]:
    """Return the spectral flatness of the frames that sound: their mean, and their median.

    `exp(mean(log p)) / mean(p)` of the power `p` of the bins from 50 Hz to 16 kHz, Hann windows of
    2048 samples every 512 (Johnston, "Transform coding of audio signals using perceptual noise
    criteria", 1988, equation 8): 1 is a single impulse, 0.56 white noise, 0 a tone. A frame sounds
    if its power is within 60 dB of the loudest's. The mean follows the noisy moments of a sound,
    and the median what most of it is.

    Args:
        sound: `[samples]`.
    """
    window = torch.hann_window(_N_FFT)
    spectrum = torch.stft(torch.from_numpy(sound), _N_FFT, _HOP, window=window, return_complex=True)
    power = spectrum.abs().square().double()
    total = power.sum(dim=0)
    low, high = (int(hz * _N_FFT / SAMPLE_RATE_HZ) for hz in _FLATNESS_HZ)
    band = power[low : high + 1, total > total.max() * _SOUNDING] + _TINY
    found = band.log().mean(dim=0).exp() / band.mean(dim=0)
    return float(found.mean()), float(found.median())


def frame_rate_line_db(sound: Float32Array) -> float:
    """Return how far 93.75 Hz, the frame rate, stands out of the envelope's spectrum, in dB.

    The envelope is the RMS of each millisecond. Of its spectrum (Hann window, the whole sound) the
    highest power within 1 Hz of the frame rate is compared with the median power from 3 to 15 Hz
    around it. A sound without a line is at 3 to 5 dB, because a highest value is compared with a
    median.

    Args:
        sound: `[samples]`.

    Returns:
        NaN for a sound shorter than half a second.
    """
    slots = len(sound) // _SLOT
    if slots * _SLOT < _SHORTEST_S * SAMPLE_RATE_HZ:
        return float("nan")
    parts = sound[: slots * _SLOT].astype(np.float64).reshape(slots, _SLOT)
    envelope = np.sqrt((parts**2).mean(axis=1))
    power = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(slots))) ** 2
    away = np.abs(np.fft.rfftfreq(slots, _SLOT / SAMPLE_RATE_HZ) - FRAME_RATE_HZ)
    line = power[away <= max(_LINE_HZ, away.min())].max()
    around = np.median(power[(away > _NEAR_HZ) & (away < _FAR_HZ)])
    return float(10 * np.log10((line + _TINY) / (around + _TINY)))
