"""A classifier two-sample test: can a small classifier tell two sets of sounds apart?

Lopez-Paz and Oquab, "Revisiting classifier two-sample tests" (2017): if it cannot on what it has
not seen, the two are of one distribution, as far as the classifier sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.listening.levels import level_db, sounding
from distill_export.reference.log_mel import FLOOR
from distill_runtime.arrays import Float64Array

if TYPE_CHECKING:
    from benchmarks.listening.sounds import Sound

PATCH_FRAMES = 16  # 171 ms
_COMPONENTS = 64
_FEATURES = 256
_RIDGE = 3.0
_FOLDS, _ROUNDS = 5, 4


def patches(sound: Sound) -> Float64Array:
    """Return a sound's log-mel patches `[n, bands * 16]` in dB, side by side in its seconds.

    Those that the classifier could know for a reason that is not the sound are left out: what is
    silent (more than three quarters of the frames), the bands from 19 kHz on, where filters differ,
    and levels below a mel power of 0.01, where the quantisation of a file lies.
    """
    power = sound.mel
    frames = power.shape[2] // PATCH_FRAMES * PATCH_FRAMES
    shape = (power.shape[0], power.shape[1], -1, PATCH_FRAMES)
    cut = level_db(power[..., :frames], FLOOR).reshape(shape).permute(0, 2, 1, 3)
    frames_heard = sounding(power)[:, :frames].reshape(len(power), -1, PATCH_FRAMES)
    heard = frames_heard.double().mean(2) >= 0.25
    found: Float64Array = cut[heard].flatten(1).numpy()
    return found


def two_sample_auc(first: Sequence[Sound], second: Sequence[Sound], *, seed: int = 0) -> float:
    """Return how well sounds of one set are told from those of the other, 0.5 to 1.

    Patches are reduced to 64 principal components, each over the root of its deviation (between
    dB, where the first would decide alone, and one variance, where the last would count as much),
    and to 256 random cosines of them (Rahimi and Recht, "Random features for large-scale kernel
    machines", 2007). A ridge regression to -1 and 1 on both, in which both sets weigh the same, is
    fitted on four fifths of the sounds of both sets and asked about the others. Whole sounds are
    held out, never patches, whose neighbours would be known. Mean of the folds of four draws.

    Returns:
        The area under the receiver operating characteristic: the chance that of two patches, one of
        each set, the right one is taken for the second's. 0.5 is a guess, 1 is certainty; a little
        below 0.5 can come of few sounds. NaN if a set has fewer than two sounds.
    """
    folds = min(_FOLDS, len(first), len(second))
    if folds < 2:
        return float("nan")
    groups = [patches(sound) for sound in (*first, *second)]
    owner = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    labels = np.where(owner < len(first), -1.0, 1.0)
    random = np.random.default_rng(seed)
    inputs = _cosines(_components(np.concatenate(groups)), random)
    found = []
    for _ in range(_ROUNDS):
        fold = np.concatenate([random.permutation(len(one)) % folds for one in (first, second)])[
            owner
        ]
        for held in range(folds):
            known, asked = fold != held, fold == held
            if len(set(labels[known])) == len(set(labels[asked])) == 2:
                answers = inputs[asked] @ _ridge(inputs[known], labels[known])
                found.append(area_under_curve(answers, labels[asked] > 0))
    return float(np.mean(found)) if found else float("nan")


def area_under_curve(scores: Float64Array, positive: np.ndarray) -> float:
    """Return the share of pairs whose positive has the higher score (Mann and Whitney 1947).

    Args:
        scores: `[n]`.
        positive: bool `[n]`, some of both.
    """
    others = np.sort(scores[~positive])
    below = np.searchsorted(others, scores[positive], "left")
    not_above = np.searchsorted(others, scores[positive], "right")
    return float((below + not_above).mean() / 2 / len(others))


def _components(rows: Float64Array) -> Float64Array:
    """Return the first principal components of rows, half-way to one variance each.

    Returns:
        `[n, components]`, whose mean square is 1.
    """
    centred = rows - rows.mean(axis=0)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)  # the decomposition draws its first guess
        _, _, directions = torch.pca_lowrank(
            torch.from_numpy(centred), min(_COMPONENTS, *rows.shape), center=False
        )
    placed = centred @ directions.numpy()
    placed /= np.sqrt(placed.std(axis=0) + 1e-9)
    scaled: Float64Array = placed / np.sqrt(np.mean(placed**2))
    return scaled


def _cosines(rows: Float64Array, random: np.random.Generator) -> Float64Array:
    """Return random features of a Gaussian kernel as wide as the rows are long, and a constant."""
    width = np.sqrt(rows.shape[1])
    directions = random.standard_normal((rows.shape[1], _FEATURES)) / width
    phases = random.uniform(0, 2 * np.pi, _FEATURES)
    return np.concatenate(
        [np.cos(rows @ directions + phases), rows / width, np.ones((len(rows), 1))], axis=1
    )


def _ridge(inputs: Float64Array, labels: Float64Array) -> Float64Array:
    """Return the weights `[features]` of a ridge regression in which both labels weigh the same."""
    weights = np.where(labels > 0, 0.5 / (labels > 0).mean(), 0.5 / (labels < 0).mean())
    weighted = inputs * weights[:, None]
    gram = weighted.T @ inputs + _RIDGE * np.eye(inputs.shape[1])
    solution: Float64Array = np.linalg.solve(gram, weighted.T @ labels)
    return solution
