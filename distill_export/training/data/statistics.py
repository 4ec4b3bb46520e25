"""The statistics that a training set is normalised with."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics

_LEAST_RMS = 1e-8


def compute_statistics(kind: str, spectrograms: Iterable[torch.Tensor]) -> Statistics:
    """Return the statistics of a training set, in one pass.

    Args:
        kind: "decoder" or "zscore".
        spectrograms: `[batch, 2, n_mels, frames]` each, not normalised.
    """
    if kind == "zscore":
        return ComplexSpectrogram().compute_dataset_statistics(spectrograms)
    return decoder_statistics(spectrograms)


def decoder_statistics(spectrograms: Iterable[torch.Tensor]) -> Statistics:
    """Return statistics in whose units the decoder can answer whatever there is.

    The decoder ends in softplus, above 0, and tanh, within ±1. With a mean of 0 the one's 0 is
    silence, and with a deviation of 1 the other's range is that of the channel. The root mean
    square only brings the magnitude near 1, where softplus and the weights' scale are at home.
    """
    squares, count = 0.0, 0
    for spectrogram in spectrograms:
        values = spectrogram[:, 0].double()
        squares += float(values.square().sum())
        count += values.numel()
    rms = math.sqrt(squares / count) if count else 0.0
    return Statistics(
        mag_mean=0.0, mag_std=rms if rms > _LEAST_RMS else 1.0, if_mean=0.0, if_std=1.0
    )
