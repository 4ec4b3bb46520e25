"""Landmarks: where recordings lie in a model's latent space, chosen so that a pull is worth it.

A landmark is an encoded second of the recordings. Of many, k-means finds groups, and the second
nearest to the middle of each stands for it: the middle itself would be an average, which is what
the pull is there to avoid. Potentials give each landmark as many seeds as its group has seconds,
by Sinkhorn's iteration (Cuturi 2013): without them, those that lie where seeds are few are never
heard (docs/nearness.md has the figures).

How far a landmark is felt is in proportion to the posterior's standard deviation, which says over
what distance the decoder was taught that a value does not matter. The factor is chosen so that a
seed is pulled by `_NEIGHBOURS` of them at once, by the entropy of their shares: with one, every
seed would sound like a recording and jump from one to the next; with many, it would go to their
average.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from distill_export.model.checkpoint import load_model_or_checkpoint
from distill_export.model.levels import BandLevels
from distill_export.model.vae import ConvVAE
from distill_export.reference.complex_spectrogram import Statistics
from distill_export.training.band_levels import find_levels
from distill_export.training.data.dataset import ChunkSet, read_folder
from distill_export.training.data.spectrogram_cache import SpectrogramCache
from distill_export.training.encoding import encode
from distill_export.training.request import Say
from distill_runtime.arrays import Float64Array
from distill_runtime.contract import MIN_LANDMARK_WIDTH, Landmarks
from distill_runtime.files.shown import shown
from distill_runtime.files.temporary import temporary_folder

_MOST = 256
_MOST_VALUES = 2**14  # as text, a tenth of a megabyte
_NEIGHBOURS = 4.0
_SEEDS, _FEWER_SEEDS = 4096, 512  # that potentials, and widths, are chosen by
_ROUNDS = 100  # of k-means and of Sinkhorn's iteration, which seldom need as many
_HALVINGS = 14
_LEAST_SHARE, _CLOSE = 1e-12, 1e-3
_BATCH = 32
_DIGITS = 5


def landmarks_of_folder(
    model: Path, folder: Path, *, default: float = 0.0, say: Say = lambda line: None
) -> tuple[Landmarks, BandLevels]:
    """Return the landmarks of a model file for the recordings in a folder, and their levels.

    Args:
        model: A `.distill` model or a `.pt` checkpoint.
        folder: The recordings that it was trained on, or others.
        default: The nearness of sounds that ask for none.
        say: Told what is being done.

    Raises:
        ModelFileError: The model cannot be used, or has no encoder.
        RecordingError: The folder is not there, or has no recording that can be read.
        OutputError: There is no room for the spectrograms.
    """
    loaded = load_model_or_checkpoint(model)
    loaded.model.check_encoder()
    say(f"reading {shown(folder)}")
    with temporary_folder() as cache:
        chunks = ChunkSet(read_folder(folder, SpectrogramCache(cache), warn=say))
        say(f"finding where {len(chunks)} seconds of them lie")
        batches = chunks.batches(_BATCH)
        statistics = loaded.normalization_stats
        landmarks = find_landmarks(loaded.model, statistics, batches, default=default)
        return landmarks, find_levels(chunks.batches(_BATCH))


def find_landmarks(
    model: ConvVAE,
    statistics: Statistics | None,
    spectrograms: Iterable[torch.Tensor],
    *,
    default: float,
) -> Landmarks:
    """Return the landmarks of recordings.

    Args:
        model: In eval mode, with an encoder.
        statistics: What its spectrograms are normalised with; None: they are not.
        spectrograms: `[batch, 2, n_mels, frames]` each, not normalised.
        default: The nearness of sounds that ask for none.

    Raises:
        ModelFileError: The model has no encoder.
    """
    means, variances = encode(model, statistics, spectrograms)
    most = max(1, min(_MOST, _MOST_VALUES // means.shape[1]))
    vectors, counts = representatives(means, most)
    deviations = np.sqrt(variances.mean(axis=0))
    widths = np.maximum(deviations * width_factor(vectors, counts, deviations), MIN_LANDMARK_WIDTH)
    potentials = even_potentials(_exponents(vectors, widths, _SEEDS), counts)
    return Landmarks(
        tuple(map(tuple, _short(vectors))),
        tuple(_short(potentials)),
        tuple(_short(widths)),
        default,
    )


def representatives(vectors: Float64Array, most: int) -> tuple[Float64Array, Float64Array]:
    """Return at most so many of vectors `[count, dim]`, and for how many each stands.

    Groups are found by k-means (Lloyd's algorithm, from the k-means++ beginning of Arthur and
    Vassilvitskii 2007); the member nearest to a group's mean stands for it.
    """
    if len(vectors) <= most:
        return vectors, np.ones(len(vectors))
    random = np.random.default_rng(0)
    chosen = [int(random.integers(len(vectors)))]
    nearest = _squares(vectors, vectors[chosen])[:, 0]
    while len(chosen) < most and nearest.any():
        chosen.append(int(random.choice(len(vectors), p=nearest / nearest.sum())))
        nearest = np.minimum(nearest, _squares(vectors, vectors[chosen[-1:]])[:, 0])
    middles = vectors[chosen]
    groups = _squares(vectors, middles).argmin(axis=1)
    for _ in range(_ROUNDS):
        members = [vectors[groups == group] for group in range(len(middles))]
        pairs = zip(members, middles, strict=True)
        middles = np.stack([own.mean(axis=0) if len(own) else old for own, old in pairs])
        before, groups = groups, _squares(vectors, middles).argmin(axis=1)
        if (groups == before).all():
            break
    standing = np.unique(_squares(middles, vectors).argmin(axis=1))
    nearest_standing = _squares(vectors, vectors[standing]).argmin(axis=1)
    counts = np.bincount(nearest_standing, minlength=len(standing)).astype(np.float64)
    return vectors[standing], counts


def width_factor(vectors: Float64Array, counts: Float64Array, deviations: Float64Array) -> float:
    """Return how many deviations `[dim]` wide landmarks `[count, dim]` are, by bisection.

    Over standard normal draws, the median of exp(entropy of the shares), their effective number,
    is then `_NEIGHBOURS`, or half of all landmarks where that is less.
    """
    wanted = max(1.0, min(_NEIGHBOURS, len(vectors) / 2.0))
    exponents = _exponents(vectors, deviations, _FEWER_SEEDS)
    low, high = 1e-2, 1e3
    for _ in range(_HALVINGS):
        factor = np.sqrt(low * high)
        scaled = exponents / factor**2
        shares = _shares(scaled + even_potentials(scaled, counts))
        logarithms = np.log(np.maximum(shares, np.finfo(np.float64).tiny))
        if np.median(np.exp(-(shares * logarithms).sum(axis=1))) < wanted:
            low = factor
        else:
            high = factor
    return float(np.sqrt(low * high))


def even_potentials(exponents: Float64Array, counts: Float64Array) -> Float64Array:
    """Return what to add to each column of `[rows, count]` so that the shares are as the counts.

    The mean over rows of a column's shares is then its count's part of all; their largest is 0.
    """
    wanted = np.log(counts / counts.sum())
    potentials = np.zeros(len(counts))
    for _ in range(_ROUNDS):
        means = np.maximum(_shares(exponents + potentials).mean(axis=0), _LEAST_SHARE)
        change = wanted - np.log(means)
        potentials += change
        if np.abs(change).max() < _CLOSE:
            break
    even: Float64Array = potentials - potentials.max()
    return even


def _exponents(vectors: Float64Array, widths: Float64Array, seeds: int) -> Float64Array:
    """Return `-|(z - m) / w|^2 / 2` of standard normal draws, `[seeds, len(vectors)]`."""
    drawn = np.random.default_rng(0).standard_normal((seeds, len(widths)))
    return -_squares(drawn / widths, vectors / widths) / 2.0


def _shares(exponents: Float64Array) -> Float64Array:
    """Return the softmax of each row."""
    shares = np.exp(exponents - exponents.max(axis=1, keepdims=True))
    normalised: Float64Array = shares / shares.sum(axis=1, keepdims=True)
    return normalised


def _squares(a: Float64Array, b: Float64Array) -> Float64Array:
    """Return squared distances `[len(a), len(b)]`."""
    products = a @ b.T
    squares: Float64Array = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * products
    return np.maximum(squares, 0.0)


def _short(array: Float64Array) -> list[Any]:
    """Return numbers of five digits, which is a hundredth of a width and better."""
    digits = [float(f"{value:.{_DIGITS}g}") for value in array.ravel()]
    short: list[Any] = np.array(digits).reshape(array.shape).tolist()
    return short
