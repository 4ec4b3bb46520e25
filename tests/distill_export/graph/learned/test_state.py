from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from distill_export.graph.learned.state import LearnedStateLayout, LearnedStreamState

SIZES = {"n_mels": 4, "hop_frames": 5, "hop_length": 6, "overlap_hops": 3}


def own_of(phase: torch.Tensor, seed: int = 1) -> LearnedStreamState:
    generator = torch.Generator().manual_seed(seed)
    return LearnedStreamState(phase, torch.randn(len(phase), 6, 3, generator=generator))


def packed(
    layout: LearnedStateLayout,
    chunk_tail: torch.Tensor,
    own: LearnedStreamState,
    *,
    finish: bool = False,
) -> torch.Tensor:
    fresh = layout.unpack(torch.zeros(len(chunk_tail), layout.size))
    return layout.advance(fresh, chunk_tail, own, torch.tensor(finish))


def test_every_value_comes_back() -> None:
    layout = LearnedStateLayout(**SIZES)
    generator = torch.Generator().manual_seed(2)
    own = own_of(1e4 * torch.randn(3, 4, generator=generator, dtype=torch.float64))
    chunk_tail = torch.randn(3, 2, 4, 5, generator=generator)
    vector = packed(layout, chunk_tail, own)
    assert vector.dtype == torch.float32
    assert vector.shape == (3, layout.size)
    found = layout.unpack(vector)
    assert found.started.tolist() == [True] * 3
    pairs = {"chunk_tail": (found.chunk_tail, chunk_tail), "vector": (found.vector, vector)}
    pairs |= {name: (getattr(found.own, name), getattr(own, name)) for name in own._fields}
    for name, (value, expected) in pairs.items():
        assert value.dtype == expected.dtype
        assert torch.equal(value, expected), name


def test_a_stream_that_ended_leaves_zeros() -> None:
    layout = LearnedStateLayout(**SIZES)
    own = own_of(torch.ones(2, 4, dtype=torch.float64))
    assert not packed(layout, torch.ones(2, 2, 4, 5), own, finish=True).any()


def test_no_two_values_share_a_place() -> None:
    layout = LearnedStateLayout(**SIZES)
    vector = torch.arange(float(layout.size))[None] + 1
    found = layout.unpack(vector)
    assert layout.size == 1 + 2 * 4 * 5 + 3 * 4 + 6 * 3
    total = found.chunk_tail.sum() + found.own.phase.sum() + found.own.audio_tail.sum() + 1
    assert total == vector.sum()


# Below 1e-28 the last bits of a float64 are beneath the smallest float32.
PHASES = st.floats(-3e38, 3e38).filter(lambda value: value == 0 or abs(value) > 1e-28)


@given(st.lists(PHASES, min_size=4, max_size=4))
@example([1e17 / 3, -1e30 / 7, np.nextafter(2.0**24, np.inf), np.pi * 1e9])
@example([np.pi, -np.pi / 3, 2.0**53 - 1, 1e-20 / 3])
def test_a_phase_keeps_all_its_bits(values: list[float]) -> None:
    layout = LearnedStateLayout(**SIZES)
    phase = torch.tensor([values], dtype=torch.float64)
    vector = packed(layout, torch.zeros(1, 2, 4, 5), own_of(phase))
    assert torch.isfinite(vector).all()
    assert torch.equal(layout.unpack(vector).own.phase, phase)


def test_zeros_are_a_stream_that_has_not_started() -> None:
    layout = LearnedStateLayout(**SIZES)
    found = layout.unpack(torch.zeros(2, layout.size))
    assert not found.started.any()
    for values in (found.chunk_tail, *found.own):
        assert not values.any()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_artifacts_state_has_the_size_of_its_parts(rows: int) -> None:
    layout = LearnedStateLayout(n_mels=128, hop_frames=47, hop_length=512, overlap_hops=3)
    assert layout.size == 1 + 2 * 128 * 47 + 3 * 128 + 3 * 512
    assert layout.unpack(torch.zeros(rows, layout.size)).chunk_tail.shape == (rows, 2, 128, 47)
