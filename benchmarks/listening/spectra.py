"""What a sound is made of, tone or noise, and whether it buzzes at the frame rate."""

from __future__ import annotations

import numpy as np
import torch

from distill_runtime.arrays import Float32Array, Float64Array, FloatArray
from distill_runtime.contract import HOP_LENGTH, SAMPLE_RATE_HZ

FRAME_RATE_HZ = SAMPLE_RATE_HZ / HOP_LENGTH
# The decoder doubles its frames five times: every second frame is louder where the last doubling
# shows, every fourth where the last two do (Odena et al., "Deconvolution and checkerboard
# artifacts", 2016).
PATTERN_RATES_HZ = (FRAME_RATE_HZ / 2, FRAME_RATE_HZ / 4)
_N_FFT, _HOP = 2048, 512
_FLATNESS_HZ = (50.0, 16_000.0)
_SOUNDING = 1e-6  # of the loudest frame's power
_TINY = 1e-12
_SLOT = 48  # samples of the envelope, 1 ms
_LINE_HZ, _NEAR_HZ, _FAR_HZ = 1.0, 3.0, 15.0
_ROUGH_HZ, _DEEP_HZ, _STILL_HZ = (30.0, 80.0), 200.0, 5.0
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


def envelope_line_db(sound: Float32Array, rate_hz: float) -> float:
    """Return how far a rate stands out of the envelope's spectrum, in dB.

    The envelope is the RMS of each millisecond. Of its spectrum (Hann window, the whole sound) the
    highest power within 1 Hz of the rate is compared with the median power from 3 to 15 Hz around
    it. A sound without a line is at 3 to 5 dB, because a highest value is compared with a median.

    Args:
        sound: `[samples]`.
        rate_hz: Where the line is looked for.

    Returns:
        NaN for a sound shorter than half a second.
    """
    if len(sound) < _SHORTEST_S * SAMPLE_RATE_HZ:
        return float("nan")
    rates_hz, power = _envelope_spectrum(sound)
    away = np.abs(rates_hz - rate_hz)
    line = power[away <= max(_LINE_HZ, away.min())].max()
    around = np.median(power[(away > _NEAR_HZ) & (away < _FAR_HZ)])
    return float(10 * np.log10((line + _TINY) / (around + _TINY)))


def roughness_db(sound: Float32Array) -> float:
    """Return the power of the envelope's movement at 30 to 80 Hz over its slow course's, in dB.

    Those are the rates that are heard as rough (Zwicker and Fastl, "Psychoacoustics", 1990, chapter
    11); slower ones are heard as beats. What is deeper than 200 Hz is left out, whose own period
    would count.

    Args:
        sound: `[samples]`.

    Returns:
        NaN for a sound shorter than half a second. A sine's amplitude that is modulated by a depth
        `m` at such a rate is at `10 log10(m^2 / 2)`.
    """
    if len(sound) < _SHORTEST_S * SAMPLE_RATE_HZ:
        return float("nan")
    spectrum = np.fft.rfft(sound.astype(np.float64))
    spectrum[: int(_DEEP_HZ * len(sound) / SAMPLE_RATE_HZ) + 1] = 0.0
    rates_hz, power = _envelope_spectrum(np.fft.irfft(spectrum, len(sound)))
    low, high = _ROUGH_HZ
    rough = power[(rates_hz > low) & (rates_hz < high)].sum()
    mean = power[rates_hz < _STILL_HZ].sum() - power[0] / 2  # 0 Hz stands once, the others twice
    return float(10 * np.log10((rough + _TINY) / (mean + _TINY)))


def _envelope_spectrum(sound: FloatArray) -> tuple[Float64Array, Float64Array]:
    """Return the rates in Hz and the power of the spectrum of a sound's envelope."""
    slots = len(sound) // _SLOT
    parts = sound[: slots * _SLOT].astype(np.float64).reshape(slots, _SLOT)
    envelope = np.sqrt((parts**2).mean(axis=1))
    power = np.abs(np.fft.rfft(envelope * np.hanning(slots))) ** 2
    return np.fft.rfftfreq(slots, _SLOT / SAMPLE_RATE_HZ), power
