"""Distill's resampler: a sinc of six zero crossings under a Hann window (torchaudio's default).

It is short, and so leaves what is near the new Nyquist frequency attenuated and folded; the runtime
resamples with a longer filter (docs/distill.md).
"""

from __future__ import annotations

import math

import torch

from distill_runtime.contract import SAMPLE_RATE_HZ

_ROLLOFF = 0.99  # of the lower Nyquist frequency, where the filter cuts off
_CROSSINGS = 6


def resample(sound: torch.Tensor, rate_hz: int) -> torch.Tensor:
    """Bring a sound from 48 kHz to another rate.

    With r the ratio of the rates, new to old, and c = 0.99 min(1, r), sample m of the result is

        y[m] = sum over k of x[k] c sinc(u) cos^2(pi u / 12),   u = c (k - m / r),   |u| <= 6

    (Smith, Digital Audio Resampling, https://ccrma.stanford.edu/~jos/resample).

    Args:
        sound: `[..., samples]`.
        rate_hz: The new rate.

    Returns:
        `[..., ceil(samples * rate_hz / 48000)]` in the type of the input.
    """
    if rate_hz == SAMPLE_RATE_HZ:
        return sound
    common = math.gcd(rate_hz, SAMPLE_RATE_HZ)
    old, new = SAMPLE_RATE_HZ // common, rate_hz // common
    cutoff = _ROLLOFF * min(1.0, new / old)
    reach = math.ceil(_CROSSINGS / cutoff)
    taps = torch.arange(-reach, reach + 2, dtype=torch.float64)

    samples = sound.shape[-1]
    padded = torch.nn.functional.pad(sound.double(), (reach, reach + 1 + old))
    result = sound.new_zeros(*sound.shape[:-1], math.ceil(samples * new / old))
    # The weights repeat after `new` samples of the result, which are `old` of the sound.
    for phase in range(min(new, result.shape[-1])):
        whole, rest = divmod(phase * old, new)
        u = cutoff * (taps - rest / new)
        window = torch.cos(math.pi / 2 * (u / _CROSSINGS).clamp(-1.0, 1.0)).square()
        weights = cutoff * torch.sinc(u) * window
        frames = padded[..., whole:].unfold(-1, len(taps), old)
        out = result[..., phase::new]
        out[...] = (frames[..., : out.shape[-1], :] @ weights).to(result.dtype)
    return result
