from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from distill_export.graph.learned.state import StateLayout, StreamState

SIZES = {"n_mels": 4, "hop_frames": 5, "hop_length": 6, "overlap_hops": 3}


def state_of(phase: torch.Tensor, seed: int = 1) -> StreamState:
    generator = torch.Generator().manual_seed(seed)
    batch = len(phase)
    return StreamState(
        started=torch.arange(batch) % 2 == 0,
        chunk_tail=torch.randn(batch, 2, 4, 5, generator=generator),
        phase=phase,
        audio_tail=torch.randn(batch, 6, 3, generator=generator),
    )


def test_every_value_comes_back() -> None:
    layout = StateLayout(**SIZES)
    phase = torch.randn(3, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    given_state = state_of(phase * 1e4)
    packed = layout.pack(given_state)
    assert packed.dtype == torch.float32
    assert packed.shape == (3, layout.size)
    found = layout.unpack(packed)
    for field in dataclasses.fields(StreamState):
        value = getattr(found, field.name)
        assert value.dtype == getattr(given_state, field.name).dtype
        assert torch.equal(value, getattr(given_state, field.name)), field.name


def test_no_two_values_share_a_place() -> None:
    layout = StateLayout(**SIZES)
    packed = torch.arange(float(layout.size))[None] + 1
    found = layout.unpack(packed)
    assert layout.size == 1 + 2 * 4 * 5 + 3 * 4 + 6 * 3
    total = found.chunk_tail.sum() + found.phase.sum() + found.audio_tail.sum() + 1
    assert total == packed.sum()


# Below 1e-28 the last bits of a float64 are beneath the smallest float32.
PHASES = st.floats(-3e38, 3e38).filter(lambda value: value == 0 or abs(value) > 1e-28)


@given(st.lists(PHASES, min_size=4, max_size=4))
@example([1e17 / 3, -1e30 / 7, np.nextafter(2.0**24, np.inf), np.pi * 1e9])
@example([np.pi, -np.pi / 3, 2.0**53 - 1, 1e-20 / 3])
def test_a_phase_keeps_all_its_bits(values: list[float]) -> None:
    layout = StateLayout(**SIZES)
    phase = torch.tensor([values], dtype=torch.float64)
    packed = layout.pack(state_of(phase))
    assert torch.isfinite(packed).all()
    assert torch.equal(layout.unpack(packed).phase, phase)


def test_zeros_are_a_stream_that_has_not_started() -> None:
    layout = StateLayout(**SIZES)
    found = layout.unpack(torch.zeros(2, layout.size))
    assert not found.started.any()
    for values in (found.chunk_tail, found.phase, found.audio_tail):
        assert not values.any()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_artifacts_state_has_the_size_of_its_parts(rows: int) -> None:
    layout = StateLayout(n_mels=128, hop_frames=47, hop_length=512, overlap_hops=3)
    assert layout.size == 1 + 2 * 128 * 47 + 3 * 128 + 3 * 512
    assert layout.unpack(torch.zeros(rows, layout.size)).chunk_tail.shape == (rows, 2, 128, 47)
