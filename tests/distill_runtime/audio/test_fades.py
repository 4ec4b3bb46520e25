"""Fades: what they do at the ends, and that they do nothing between."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.audio.fades import Fader


def faded(x: np.ndarray, fade_in: int, fade_out: int, cuts: Sequence[int] = ()) -> np.ndarray:
    fader = Fader(x.shape[1], fade_in=fade_in, fade_out=fade_out)
    return np.concatenate(
        [fader.push(block) for block in np.split(x, sorted(cuts), axis=1)], axis=1
    )


@given(
    cuts=st.lists(st.integers(0, 300), max_size=6),
    fade_in=st.integers(0, 150),
    fade_out=st.integers(0, 150),
    seed=st.integers(0, 99),
)
def test_fades_touch_the_ends_alone_however_the_sound_is_cut(
    cuts: list[int], fade_in: int, fade_out: int, seed: int
) -> None:
    x = np.random.default_rng(seed).standard_normal((2, 300)).astype(np.float32)
    y = faded(x, fade_in, fade_out, cuts)
    assert np.array_equal(y, faded(x, fade_in, fade_out))
    assert np.array_equal(y[:, fade_in : 300 - fade_out], x[:, fade_in : 300 - fade_out])
    assert (np.abs(y) <= np.abs(x)).all()
    if fade_in:
        assert not y[:, 0].any()
    if fade_out:
        assert not y[:, -1].any()


def test_a_fade_is_half_a_raised_cosine_and_the_other_its_mirror() -> None:
    ones = np.ones((1, 200), np.float32)
    rising = faded(ones, 100, 0)[0]
    assert rising[50] == np.float32(0.5)
    assert (np.diff(rising[:101]) > 0).all()
    assert np.array_equal(faded(ones, 0, 100)[0], rising[::-1])
    assert rising[1] < 1e-3  # no corner


def test_fades_may_meet() -> None:
    ones = np.ones((1, 10), np.float32)
    y = faded(ones, 4, 6)[0]
    assert np.array_equal(y[:4], faded(ones, 4, 0)[0, :4])
    assert np.array_equal(y[4:], faded(ones, 0, 6)[0, 4:])
