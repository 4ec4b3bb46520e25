"""Rounding, dither and clipping."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_runtime.audio_file.quantize import Quantizer, to_bytes
from distill_runtime.errors import RequestError


def _sound(channels: int = 2, frames: int = 5000) -> np.ndarray:
    return np.random.default_rng(frames).uniform(-0.9, 0.9, (channels, frames)).astype(np.float32)


@pytest.mark.parametrize("bit_depth", [16, 24, 32, None])
@given(cuts=st.lists(st.integers(0, 3000), max_size=8), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_any_cut_is_the_whole(bit_depth: int | None, cuts: list[int], seed: int) -> None:
    x = _sound(2, 3000)
    stream = Quantizer(bit_depth, seed)
    joined = [stream.push(block) for block in np.split(x, sorted(cuts), axis=1)]
    np.testing.assert_array_equal(np.concatenate(joined), Quantizer(bit_depth, seed).push(x))


def test_dither_follows_its_seed() -> None:
    a, b, c = (Quantizer(16, seed).push(_sound()) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_dither_is_triangular_and_keeps_the_mean() -> None:
    # A third of a step: rounding alone would lose it, and its error would follow the signal.
    steps = Quantizer(16, 0).push(np.full((2, 100_000), 1.0 / 3.0 / 2**15)).T
    assert set(np.unique(steps)) == {-1, 0, 1}
    np.testing.assert_allclose(steps.mean(axis=1), 1.0 / 3.0, atol=0.01)
    # Triangular dither leaves a quarter of a step squared, whatever the signal.
    np.testing.assert_allclose(steps.var(axis=1), 0.25, atol=0.01)
    assert abs(np.corrcoef(steps)[0, 1]) < 0.02


def test_without_dither_silence_stays_silence() -> None:
    silence = np.zeros((2, 1000))
    assert Quantizer(16, 0).push(silence).any()
    assert not Quantizer(16, None).push(silence).any()
    assert not Quantizer(24, 0).push(silence).any()


@pytest.mark.parametrize(("bit_depth", "top"), [(16, 2**15 - 1), (24, (2**23 - 1) << 8)])
def test_beyond_full_scale_is_clipped_not_wrapped(bit_depth: int, top: int) -> None:
    x = np.array([[2.0, -2.0, 1e30, -1e30]], dtype=np.float32)
    bottom = -(2 ** (15 if bit_depth == 16 else 31))
    assert Quantizer(bit_depth, 0).push(x)[:, 0].tolist() == [top, bottom, top, bottom]


@pytest.mark.parametrize("bit_depth", [32, None])
def test_floats_are_not_clipped(bit_depth: int | None) -> None:
    x = np.array([[2.0, -3.5, 1e-30]], dtype=np.float32)
    np.testing.assert_array_equal(Quantizer(bit_depth, 0).push(x), x.T)


def test_24_bits_are_rounded_to_the_nearest() -> None:
    x = np.array([[0.6, -0.6, 0.4, 100.0]]) / 2**23
    assert (Quantizer(24, None).push(x)[:, 0] >> 8).tolist() == [1, -1, 0, 100]


def test_the_bytes_are_little_endian() -> None:
    x = np.array([[1.0 / 2**15, -1.0 / 2**15], [0.5, -1.0]])
    assert to_bytes(Quantizer(16, None).push(x), 16).hex() == "01000040ffff0080"
    assert to_bytes(Quantizer(24, None).push(x), 24).hex() == "00010000004000ffff000080"
    assert to_bytes(Quantizer(32, None).push(x), 32).hex() == "000000380000003f000000b8000080bf"


def test_a_big_endian_machine_writes_the_same() -> None:
    samples = Quantizer(24, None).push(_sound())
    assert to_bytes(samples.astype(">i4"), 24) == to_bytes(samples, 24)


def test_a_seed_that_is_none() -> None:
    with pytest.raises(RequestError, match="seed is -1"):
        Quantizer(16, -1)
