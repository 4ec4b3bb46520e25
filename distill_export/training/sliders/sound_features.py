"""What a model file says of its sliders: how some features of the sound follow each."""

from __future__ import annotations

import torch

from distill_runtime.contract import HOP_LENGTH

N_FFT = 2048
_ROLLOFF_SHARE = 0.85
_TINY = 1e-10

# In the order of the model file. Definitions: Peeters, "A large set of audio features" (2004).
FEATURES = (
    "spectral_centroid",
    "rms_energy",
    "zero_crossing_rate",
    "spectral_rolloff",
    "spectral_flatness",
)


def measure(sounds: torch.Tensor, rate_hz: int) -> dict[str, torch.Tensor]:
    """Measure sounds `[batch, samples]`.

    Returns:
        For each of `FEATURES`, `[batch]`: centroid and roll-off (of 85% of the power) in Hz, RMS of
        full scale, zero crossings per sample, flatness 0..1 (mean over frames).
    """
    spectrum = torch.stft(
        sounds,
        N_FFT,
        HOP_LENGTH,
        window=torch.hann_window(N_FFT, dtype=sounds.dtype),
        return_complex=True,
    )
    power = spectrum.abs().square()  # [batch, bins, frames]
    bins_hz = torch.linspace(0, rate_hz / 2, power.shape[1], dtype=sounds.dtype)
    overall = power.sum(dim=2)
    total = overall.sum(dim=1).clamp(min=_TINY)
    share = overall.cumsum(dim=1) / total[:, None]
    rolloff = bins_hz[(share < _ROLLOFF_SHARE).sum(dim=1).clamp(max=len(bins_hz) - 1)]
    flatness = torch.exp(torch.log(power + _TINY).mean(dim=1)) / (power.mean(dim=1) + _TINY)
    crossings = (sounds[:, 1:] < 0) != (sounds[:, :-1] < 0)
    return {
        "spectral_centroid": (overall * bins_hz).sum(dim=1) / total,
        "rms_energy": sounds.square().mean(dim=1).sqrt(),
        "zero_crossing_rate": crossings.to(sounds.dtype).mean(dim=1),
        "spectral_rolloff": rolloff,
        "spectral_flatness": flatness.mean(dim=1),
    }
