from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from distill_export.reference.mel import htk_filterbank, inverse_filterbank, inverse_gram

F = np.float32
SIZES = [(48_000, 2048, 128), (48_000, 1024, 40), (16_000, 512, 20)]


@pytest.fixture(scope="module")
def filterbank() -> torch.Tensor:
    return htk_filterbank(48_000, 2048, 128)


def edges_hz(sample_rate_hz: int, n_mels: int) -> np.ndarray:
    """The textbook's band edges, in float64."""
    top = 2595 * math.log10(1 + sample_rate_hz / 2 / 700)
    return 700 * (10 ** (np.linspace(0, top, n_mels + 2) / 2595) - 1)


def float32_linspace(end: float, count: int) -> np.ndarray:
    """From 0 to `end` as torch counts: forward in the first half, backward from the end after."""
    step = np.float64(F(end) / F(count - 1))
    i = np.arange(count)
    forward, backward = (step * i).astype(F), (np.float64(F(end)) - step * (count - 1 - i))
    return np.where(i < count // 2, forward, backward.astype(F))


def triangles(edges: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """Between three edges: up from the first to the second, down to the third."""
    width = np.diff(edges)
    rising = (bins[:, None] - edges[None, :-2]) / width[:-1]
    falling = (edges[None, 2:] - bins[:, None]) / width[1:]
    return np.maximum(np.minimum(rising, falling), edges.dtype.type(0))


@pytest.mark.parametrize("sizes", SIZES)
def test_filters_are_triangles_of_unit_height(sizes: tuple[int, int, int]) -> None:
    sample_rate_hz, n_fft, n_mels = sizes
    filters = htk_filterbank(*sizes)
    assert filters.shape == (n_fft // 2 + 1, n_mels)
    assert filters.dtype == torch.float32
    assert filters.min() == 0
    assert filters.max() <= 1
    edges = edges_hz(sample_rate_hz, n_mels)
    bins = np.linspace(0, sample_rate_hz / 2, n_fft // 2 + 1)
    for band in range(n_mels):
        # Linear interpolation of a triangle's three corners is another way to the same slopes.
        expected = np.interp(bins, edges[band : band + 3], [0, 1, 0])
        np.testing.assert_allclose(filters[:, band], expected, rtol=0, atol=3e-5)


def test_every_bin_is_in_at_most_two_adjacent_bands(filterbank: torch.Tensor) -> None:
    inside = filterbank.numpy() > 0
    assert inside.any(axis=0).all(), "a band without a bin has no inverse"
    for row in inside:
        bands = np.flatnonzero(row)
        assert len(bands) in {0, 1, 2}
        assert len(bands) < 2 or bands[1] == bands[0] + 1
    np.testing.assert_allclose(filterbank[[0, -1]], 0, rtol=0, atol=4e-6)  # the outermost edges


def test_neighbours_sum_to_one_between_their_peaks(filterbank: torch.Tensor) -> None:
    edges = edges_hz(48_000, 128)
    bins = np.linspace(0, 24_000, 1025)
    between = (bins >= edges[1]) & (bins <= edges[-2])
    np.testing.assert_allclose(filterbank.sum(dim=1)[between], 1, rtol=0, atol=1e-5)


def test_the_arithmetic_is_float32(filterbank: torch.Tensor) -> None:
    bins = float32_linspace(24_000, 1025)
    mel = float32_linspace(2595 * math.log10(1 + 24_000 / 700), 130)
    power = (10.0 ** (mel / F(2595)).astype(np.float64)).astype(F)
    edges = F(700) * (power - F(1))
    expected = triangles(edges, bins)
    assert expected.dtype == F
    # A power's last bit is the library's own; it moves one edge, and so a handful of entries.
    assert np.mean(filterbank.numpy() != expected) < 1e-3
    np.testing.assert_allclose(filterbank, expected, rtol=0, atol=4e-6)
    in_float64 = triangles(edges_hz(48_000, 128), np.linspace(0, 24_000, 1025))
    assert 6e-6 < np.abs(filterbank.numpy() - in_float64).max() < 1.2e-5


def test_the_inverse_gram_inverts_the_gram(filterbank: torch.Tensor) -> None:
    F64 = filterbank.double()
    gram = F64.T @ F64
    inverse = inverse_gram(filterbank)
    assert inverse.dtype == torch.float64
    torch.testing.assert_close(inverse @ gram, torch.eye(128).double(), rtol=0, atol=1e-8)


def test_inversion_is_the_solution_of_least_norm(filterbank: torch.Tensor) -> None:
    matrix = filterbank.double().numpy().T
    mel = np.random.default_rng(1).normal(size=(128, 7))
    found = inverse_filterbank(filterbank).numpy() @ mel
    np.testing.assert_allclose(matrix @ found, mel, rtol=0, atol=1e-10)
    lstsq = np.linalg.lstsq(matrix, mel, rcond=None)[0]
    np.testing.assert_allclose(found, lstsq, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found, np.linalg.pinv(matrix) @ mel, rtol=0, atol=1e-8)
    # Whatever else solves the equations is longer: add any vector that the filters do not see.
    unseen = np.random.default_rng(2).normal(size=(1025, 7))
    unseen -= np.linalg.pinv(matrix) @ (matrix @ unseen)
    np.testing.assert_allclose(matrix @ (found + unseen), mel, rtol=0, atol=1e-10)
    longer = np.linalg.norm(found + unseen, axis=0)
    assert (np.linalg.norm(found, axis=0) < longer).all()


def test_a_singular_filterbank_is_solved_in_the_least_squares() -> None:
    filters = htk_filterbank(48_000, 512, 128)  # its low bands fall between two bins
    matrix = filters.double().numpy().T
    assert np.linalg.matrix_rank(matrix) < 128
    mel = np.random.default_rng(1).normal(size=(128, 3))
    found = inverse_filterbank(filters).numpy() @ mel
    expected = np.linalg.pinv(matrix, rcond=1e-7) @ mel
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())
