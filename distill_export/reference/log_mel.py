"""Mel power out of a spectrogram's logarithm, and how far one is from another, in decibels."""

from __future__ import annotations

from collections.abc import Iterable

import torch

# Mel power that counts as silence: 74 dB below a full-scale sine, whose is 2.6e5.
FLOOR = 1e-2
_MAX_LOG_POWER = 24.0  # a hundred times the loudest sine that a 16-bit file can hold


def mel_power(log_power: torch.Tensor) -> torch.Tensor:
    """Return `expm1(log_power)`, not below 0 and finite whatever comes."""
    return torch.exp(log_power.clamp(0.0, _MAX_LOG_POWER)) - 1.0


def level_db(log_power: torch.Tensor) -> torch.Tensor:
    """Return the level of `log1p` mel power, at least -20 dB."""
    return 10 * torch.log10(torch.expm1(log_power.clamp(min=0.0)) + FLOOR)


def log_mel_distance_db(found: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
    """Return the mean difference in level, for each row of `log1p` mel powers `[batch, ...]`."""
    return (level_db(found) - level_db(expected)).abs().flatten(1).mean(dim=1)


def mean_answer(spectrograms: Iterable[torch.Tensor]) -> torch.Tensor:
    """Return the mean level of a training set per band and frame, as `log1p` mel power.

    It is the best that a model could do that knows the training set and nothing of its input.

    Args:
        spectrograms: `[batch, 2, n_mels, frames]` each, not normalised.

    Returns:
        `[n_mels, frames]`.
    """
    total, count = torch.zeros(()), 0
    for spectrogram in spectrograms:
        total = total + level_db(spectrogram[:, 0]).double().sum(dim=0)
        count += len(spectrogram)
    return torch.log1p((10 ** (total / count / 10) - FLOOR).clamp(min=0.0)).float()
