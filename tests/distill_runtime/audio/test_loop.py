"""A loop's end and its beginning: nothing between them is heard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.audio.loop import LoopJoiner, crossfaded


def looped(x: np.ndarray, samples: int, skipped: int, overlap: int, cuts: list[int]) -> np.ndarray:
    joiner = LoopJoiner(samples, skipped=skipped, overlap=overlap)
    return np.concatenate([joiner.push(b) for b in np.split(x, sorted(cuts), axis=1)], axis=1)


@given(
    cuts=st.lists(st.integers(0, 400), max_size=6),
    samples=st.integers(1, 250),
    skipped=st.integers(0, 40),
    data=st.data(),
)
def test_a_loop_has_its_length_and_passes_its_middle(
    cuts: list[int], samples: int, skipped: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(0, min(samples, 100)))
    x = np.random.default_rng(samples).standard_normal((2, 400)).astype(np.float32)
    y = looped(x, samples, skipped, overlap, cuts)
    assert y.shape == (2, samples)
    assert np.array_equal(y, looped(x, samples, skipped, overlap, []))
    begin = skipped + overlap
    passing = samples - overlap
    assert np.array_equal(y[:, :passing], x[:, begin : begin + passing])
    lead = x[:, skipped:begin]
    end = x[:, begin + passing : begin + samples]
    assert np.array_equal(y[:, passing:], crossfaded(end, lead))


def test_round_and_round_it_goes_on_as_it_was_rendered() -> None:
    x = np.sin(np.arange(3000) * 0.01)[np.newaxis].astype(np.float32)
    twice = np.tile(looped(x, 1234, 200, 300, []), 2)
    assert np.abs(np.diff(twice)).max() < 0.0125  # a jump would be up to 2


@pytest.mark.parametrize("correlation", [0.0, 0.4, 1.0, -0.4])
def test_the_level_of_a_cross_fade_is_even(correlation: float) -> None:
    random = np.random.default_rng(3)
    a, other = random.standard_normal((2, 1, 48_000)).astype(np.float32)
    b = correlation * a + np.sqrt(1 - correlation**2) * other
    y = crossfaded(a, b)
    levels = [10 * np.log10(np.mean(part**2)) for part in np.split(y, 12, axis=1)]
    assert max(map(abs, levels)) < 0.35


def test_a_level_goes_from_one_to_the_other() -> None:
    random = np.random.default_rng(3)
    a, b = random.standard_normal((2, 2, 24_000)).astype(np.float32)
    y = crossfaded(4 * a, b)
    levels = [10 * np.log10(np.mean(part**2)) for part in np.split(y, 12, axis=1)]
    assert levels[0] == pytest.approx(12.04, abs=0.3)
    assert levels[-1] == pytest.approx(0, abs=0.3)
    assert (np.diff(levels) < 0.3).all()


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_silence_and_opposites_stay_finite(level: float) -> None:
    a = np.full((1, 100), level, np.float32)
    assert np.isfinite(crossfaded(a, -a)).all()
    assert np.isfinite(crossfaded(a, 0 * a)).all()
