from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.training.data.dataset import ChunkSet
from distill_export.training.data.statistics import compute_statistics, decoder_statistics


def two_pass(values: np.ndarray) -> dict[str, dict[str, float]]:
    """Both kinds by their definitions, from all chunks at once, in float64."""
    magnitude, frequency = values.astype(np.float64).swapaxes(0, 1).reshape(2, -1)
    return {
        "zscore": {
            "mag_mean": magnitude.mean(),
            "mag_std": magnitude.std(ddof=1),
            "if_mean": frequency.mean(),
            "if_std": frequency.std(ddof=1),
        },
        "decoder": {
            "mag_mean": 0.0,
            "mag_std": math.sqrt((magnitude**2).mean()),
            "if_mean": 0.0,
            "if_std": 1.0,
        },
    }


@pytest.mark.parametrize("kind", ["decoder", "zscore"])
@pytest.mark.parametrize("seed", range(3))
def test_one_pass_over_shuffled_chunks_is_two_passes(
    chunk_sets: tuple[ChunkSet, ChunkSet], kind: str, seed: int
) -> None:
    chunks = chunk_sets[0]
    order = torch.randperm(len(chunks), generator=torch.Generator().manual_seed(seed))
    found = compute_statistics(kind, (chunks.batch(group) for group in order.split(3)))
    expected = two_pass(chunks.batch(torch.arange(len(chunks))).numpy())[kind]
    assert found == pytest.approx(expected, abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(-1e3, 1e3), st.floats(1e-2, 1e3), st.integers(1, 5))
def test_one_pass_is_two_passes_whatever_the_values(
    seed: int, offset: float, scale: float, size: int
) -> None:
    values = np.random.default_rng(seed).normal(offset, scale, (7, 2, 4, 3)).astype(np.float32)
    for kind, expected in two_pass(values).items():
        found = compute_statistics(kind, torch.from_numpy(values).split(size))
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("kind", ["decoder", "zscore"])
def test_silence_does_not_divide_by_zero(kind: str) -> None:
    found = compute_statistics(kind, [torch.zeros(3, 2, 128, 94)])
    assert found == {"mag_mean": 0.0, "mag_std": 1.0, "if_mean": 0.0, "if_std": 1.0}


def test_the_default_lets_the_decoder_answer_everything(
    chunk_sets: tuple[ChunkSet, ChunkSet],
) -> None:
    chunks = chunk_sets[0].batch(torch.arange(len(chunk_sets[0])))
    stats = decoder_statistics([chunks])
    assert ((chunks[:, 0] - stats["mag_mean"]) / stats["mag_std"]).min() >= 0
    assert ((chunks[:, 1] - stats["if_mean"]) / stats["if_std"]).abs().max() <= 1
    other = compute_statistics("zscore", [chunks])
    assert ((chunks[:, 0] - other["mag_mean"]) / other["mag_std"]).min() < 0
    assert ((chunks[:, 1] - other["if_mean"]) / other["if_std"]).abs().max() > 1
