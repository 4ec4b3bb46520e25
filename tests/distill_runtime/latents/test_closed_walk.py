"""A closed walk: its steps in order, and what comes before and after."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.latents.closed_walk import closed_walk
from distill_runtime.latents.trajectory import slerp


def closed(walk: np.ndarray, cuts: list[int], period: int, lead: int) -> np.ndarray:
    blocks = [block for block in np.split(walk, sorted(cuts)) if len(block)]
    return np.concatenate(list(closed_walk(blocks, blocks, period=period, lead=lead)))


@given(
    steps=st.integers(1, 20),
    cuts=st.lists(st.integers(0, 20), max_size=4),
    missing=st.integers(-5, 3),
    lead=st.integers(1, 6),
)
def test_a_round_with_the_end_of_the_one_before(
    steps: int, cuts: list[int], missing: int, lead: int
) -> None:
    walk = np.random.default_rng(steps).standard_normal((steps, 16)).astype(np.float32)
    period = max(1, steps + missing)
    found = closed(walk, cuts, period, lead)
    assert found.shape == (lead + period + 1, 16)
    before, once, after = found[:lead], found[lead:-1], found[-1]
    kept = min(steps, period)
    assert np.array_equal(once[:kept], walk[:kept])
    assert np.array_equal(after, once[0])
    around = np.tile(once, (lead, 1))  # as many rounds as there may be before it
    assert np.array_equal(before, around[-lead:])


def test_missing_steps_lie_on_the_way_back() -> None:
    walk = np.random.default_rng(0).standard_normal((4, 16)).astype(np.float32)
    found = closed(walk, [], 6, 1)
    assert found[5] == pytest.approx(slerp(walk[3], walk[0], 1 / 3), abs=1e-6)
    assert found[6] == pytest.approx(slerp(walk[3], walk[0], 2 / 3), abs=1e-6)
    assert np.array_equal(found[0], found[6])
