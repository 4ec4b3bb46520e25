from __future__ import annotations

import math

import pytest
import torch

from distill_export.reference.complex_spectrogram import Statistics
from distill_export.reference.log_mel import FLOOR
from distill_export.training.data.dataset import ChunkSet
from distill_export.training.report.verdict import SeedDistances, learning_words, seed_distances


@pytest.mark.parametrize(
    ("found_db", "mean_db", "words"),
    [
        (4.7, 12.9, "it has learnt what these recordings sound like: "),
        (11.0, 12.9, "it has learnt a little: "),
        (12.9, 12.9, "it has learnt nothing of use: "),
        (math.nan, 12.9, "it has learnt nothing of use: "),
        (None, None, "whether it has learnt more than these recordings cannot be said: "),
    ],
)
def test_what_was_learnt_is_said_in_words(
    found_db: float | None, mean_db: float | None, words: str
) -> None:
    said = learning_words(found_db, mean_db)
    assert said.startswith(words)
    if found_db is not None:
        assert f"come back {found_db:.1f} dB off (always answering the mean: 12.9 dB)" in said


@pytest.mark.parametrize(
    ("nearest_db", "words"),
    [
        (4.0, "land among the recordings"),
        (6.0, "land among the recordings"),
        (9.0, "land between the recordings"),
        (12.0, "land far from the recordings, and blur them"),
        (30.0, "land far from the recordings, and blur them"),
    ],
)
def test_where_seeds_land_is_said_in_words(nearest_db: float, words: str) -> None:
    assert words in SeedDistances(nearest_db, neighbour_db=5.0, any_db=14.0).words


class _Fixed(torch.nn.Module):
    """Answers one chunk, whatever it is asked."""

    latent_dim = 16

    def __init__(self, answer: torch.Tensor) -> None:
        super().__init__()
        self.answer = torch.nn.Parameter(answer)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return self.answer.expand(len(latents), -1, -1, -1)


def test_distances_are_those_of_levels(chunk_sets: tuple[ChunkSet, ChunkSet]) -> None:
    chunks = chunk_sets[0]
    every = chunks.batch(torch.arange(len(chunks)))
    louder = every[2].clone()  # by 3 dB, the floor too
    power = torch.expm1(louder[0]) * 2 + FLOOR
    louder[0] = torch.log1p(power)
    stats = Statistics(mag_mean=0.0, mag_std=1.0, if_mean=0.0, if_std=1.0)
    found = seed_distances(_Fixed(louder), stats, chunks)
    levels = 10 * torch.log10(torch.expm1(every[:, 0]) + FLOOR)
    pairs = torch.tensor(
        [[float((a - b).abs().mean()) for b in levels] for a in levels], dtype=torch.float64
    )
    count = len(chunks)
    others = pairs + torch.diag(torch.full((count,), math.inf))
    assert found is not None
    assert found.nearest_db == pytest.approx(10 * math.log10(2), abs=0.01)
    assert found.neighbour_db == pytest.approx(float(others.amin(dim=1).mean()), rel=1e-3)
    assert found.any_db == pytest.approx(float(pairs.sum()) / (count * (count - 1)), rel=1e-3)
    assert seed_distances(_Fixed(louder), stats, ChunkSet([])) is None
