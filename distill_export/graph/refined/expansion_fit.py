"""Finding the expander that gives a model's seeds the recordings' levels, band by band."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from distill_export.graph.denormalize import IDENTITY, normalization
from distill_export.graph.refined.expander import Expander, Expansion
from distill_export.model.file import LoadedModel
from distill_export.model.levels import (
    LEAST_POWER,
    BandLevels,
    level_of,
    sounding_frames,
)
from distill_export.reference.continuous_mel import decode_trajectory
from distill_export.reference.trajectory import crossfade_trajectory, steps_for_chunks
from distill_runtime.arrays import Float32Array
from distill_runtime.latents.nearness import Pull

_SEEDS = 64
_CHUNKS = 2  # seconds of each
_LEAST_SLOPE, _MAX_SLOPE = 1.0, 3.0
_ROUNDS = 4
_TINY = 1e-6


def fit_expansion(loaded: LoadedModel) -> Expansion | None:
    """Return what makes seeds as loud and as varied as the recordings; None if those are unknown.

    Seeds are half way from the model's own nearness to 1: fitted at 0 it would stretch too much
    among the recordings, where less is missing.

    Args:
        loaded: The model, on the CPU.
    """
    if loaded.levels is None:
        return None
    pull = None
    if loaded.landmarks is not None:
        nearness = (loaded.landmarks.default + 1.0) / 2.0
        pull = partial(Pull(loaded.landmarks), nearness=nearness)
    frames = [_frames(loaded, seed, pull) for seed in range(_SEEDS)]
    return expansion_between(torch.cat(frames, dim=1), loaded.levels)


def expansion_between(log_power: torch.Tensor, wanted: BandLevels) -> Expansion:
    """Return the expansion after which frames have the levels that are wanted, if slopes allow it.

    Args:
        log_power: log1p of the mel power, float64 `[n_mels, frames]`.
        wanted: The mean and deviation of each band's level.
    """
    mean = torch.tensor(wanted.mean, dtype=torch.float64)
    deviation = torch.tensor(wanted.deviation, dtype=torch.float64)
    slope, shift = torch.ones_like(mean), torch.zeros_like(mean)
    for _ in range(_ROUNDS):
        expansion = Expansion(slope, LEAST_POWER * torch.exp(shift))
        levels = level_of(Expander(expansion)(log_power))
        found = levels.std(dim=1, correction=0).clamp(min=_TINY)
        steeper = (slope * deviation / found).clamp(_LEAST_SLOPE, _MAX_SLOPE)
        # The line turns about the mean level; what the floor bends is for the next round.
        shift = mean - steeper / slope * (levels.mean(dim=1) - shift)
        slope = steeper
    return Expansion(slope, LEAST_POWER * torch.exp(shift))


def _frames(
    loaded: LoadedModel, seed: int, pull: Callable[[Float32Array], Float32Array] | None
) -> torch.Tensor:
    """Return log1p of the mel power of what sounds of a seed, float64 `[n_mels, frames]`."""
    steps = steps_for_chunks(loaded.spectrogram, _CHUNKS)
    latents = torch.cat(
        crossfade_trajectory(loaded.model.latent_dim, seed=seed, num_chunks=_CHUNKS, steps=steps)
    )
    if pull is not None:
        latents = torch.from_numpy(pull(latents.numpy()))
    units = normalization(loaded.normalization_stats) or IDENTITY
    with torch.inference_mode():
        mel = decode_trajectory(loaded.model.decode, latents)[:, 0].double()
    return sounding_frames(mel * units.mag_std + units.mag_mean)
