"""The filters: a convolution, however the sound is cut, and silence where there was none."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.audio.binaural.ear_filter import EarFilter


@given(
    seed=st.integers(0, 2**32 - 1),
    sounds=st.integers(1, 2),
    taps=st.integers(1, 300),
    cuts=st.lists(st.integers(0, 1500), max_size=12),
)
def test_any_cut_is_the_convolution_of_the_whole(
    seed: int, sounds: int, taps: int, cuts: list[int]
) -> None:
    generator = np.random.default_rng(seed)
    responses = generator.standard_normal((sounds, 2, taps))
    x = generator.standard_normal((sounds, 1500))
    stream = EarFilter(responses)
    joined = np.concatenate([stream.push(b) for b in np.split(x, sorted(cuts), axis=1)], axis=1)
    np.testing.assert_array_equal(joined, EarFilter(responses).push(x))
    for ear in range(2):
        expected = sum(np.convolve(x[i], responses[i, ear])[:1500] for i in range(sounds))
        np.testing.assert_allclose(joined[ear], expected, atol=1e-10)


def test_silence_stays_silence() -> None:
    stream = EarFilter(np.random.default_rng(0).standard_normal((2, 2, 100)))
    assert not stream.push(np.zeros((2, 1000))).any()
    assert stream.push(np.ones((2, 1000))).any()
    stream.push(np.zeros((2, 99)))
    assert not stream.push(np.zeros((2, 1000))).any()


@pytest.mark.parametrize("taps", [212, 2048])
def test_memory_does_not_grow(taps: int) -> None:
    stream = EarFilter(np.ones((1, 2, taps)))
    tracemalloc.start()
    try:
        stream.push(np.ones((1, 4096)))
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(50):
            stream.push(np.ones((1, 4096)))
        assert tracemalloc.get_traced_memory()[0] - before < 4096
    finally:
        tracemalloc.stop()
