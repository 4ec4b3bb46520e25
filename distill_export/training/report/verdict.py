"""Whether a training learnt anything, in plain words and in decibels of log-mel distance."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from distill_export.model.vae import ConvVAE
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_export.reference.log_mel import level_db
from distill_export.training.data.dataset import ChunkSet

_SEEDS = 128
_SEED = 1
_MOST_CHUNKS = 400  # compared: all pairs of more would take long
_ROWS = 16  # decoded at once

_MUCH = 0.75  # of the mean's distance: what is below has learnt more than a little
_NEAR, _HALF_WAY = 1 / 3, 2 / 3  # from a neighbour's distance to any other's


@dataclass(frozen=True)
class SeedDistances:
    """How far what comes of seeds is from the recordings, in dB of log-mel distance.

    At nearness 0, which says what the model has learnt; with more they are nearer.

    Attributes:
        nearest_db: From a seed's second to the nearest recorded one, mean over seeds.
        neighbour_db: From a recorded second to the nearest other one, mean over recorded ones.
        any_db: Between two recorded seconds, mean over all pairs.
    """

    nearest_db: float
    neighbour_db: float
    any_db: float

    @property
    def place(self) -> float:
        """Where seeds land: 0 as near as neighbours are, 1 as far as any two are, or beyond."""
        return (self.nearest_db - self.neighbour_db) / max(self.any_db - self.neighbour_db, 1e-6)

    @property
    def words(self) -> str:
        """Say where seeds land."""
        if self.place <= _NEAR:
            where = "land among the recordings"
        elif self.place <= _HALF_WAY:
            where = "land between the recordings"
        else:
            where = "land far from the recordings, and blur them"
        return (
            f"sounds of seeds {where}: at nearness 0 the nearest recorded second is "
            f"{self.nearest_db:.1f} dB off (for a recorded second {self.neighbour_db:.1f} dB, "
            f"between any two {self.any_db:.1f} dB)"
        )


@torch.inference_mode()
def seed_distances(
    model: ConvVAE, statistics: Statistics, chunks: ChunkSet
) -> SeedDistances | None:
    """Compare sounds of seeds with what was learnt from.

    Args:
        model: In eval mode.
        statistics: What its spectrograms are normalised with.
        chunks: What it learnt from.

    Returns:
        The distances; None if there are fewer than two chunks.
    """
    if len(chunks) < 2:
        return None
    count = min(len(chunks), _MOST_CHUNKS)
    chosen = torch.linspace(0, len(chunks) - 1, count).round().long()
    recorded = level_db(chunks.batch(chosen)[:, 0]).flatten(1)
    device = next(model.parameters()).device
    latents = torch.randn(
        _SEEDS, model.latent_dim, generator=torch.Generator().manual_seed(_SEED)
    ).to(device)
    decoded = torch.cat([model.decode(rows).cpu() for rows in latents.split(_ROWS)])
    sounds = level_db(ComplexSpectrogram().denormalize(decoded, statistics)[:, 0]).flatten(1)
    between = torch.cdist(recorded, recorded, p=1) / recorded.shape[1]
    others = between + torch.diag(torch.full((count,), torch.inf))
    nearest = torch.cdist(sounds, recorded, p=1).amin(dim=1) / recorded.shape[1]
    return SeedDistances(
        nearest_db=float(nearest.mean()),
        neighbour_db=float(others.amin(dim=1).mean()),
        any_db=float(between.sum()) / (count * (count - 1)),
    )


def learning_words(found_db: float | None, mean_db: float | None) -> str:
    """Say whether a model has learnt anything.

    Args:
        found_db: How far its answers are off on what was held out; None if nothing was.
        mean_db: The same of always answering the mean of the recordings.
    """
    if found_db is None or mean_db is None:
        return (
            "whether it has learnt more than these recordings cannot be said: no other was held "
            "out to ask it about"
        )
    if not found_db < mean_db:
        learnt = "it has learnt nothing of use"
    elif found_db > _MUCH * mean_db:
        learnt = "it has learnt a little"
    else:
        learnt = "it has learnt what these recordings sound like"
    return (
        f"{learnt}: recordings that it never heard come back {found_db:.1f} dB off (always "
        f"answering the mean: {mean_db:.1f} dB)"
    )
