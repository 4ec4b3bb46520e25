from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.graph.denormalize import IDENTITY
from distill_export.graph.dft import InverseRealDFT
from distill_export.graph.learned.spectrum import (
    InverseMel,
    LearnedSpectrum,
    Magnitude,
    PhaseSum,
    expm1,
)
from distill_export.reference.mel import htk_filterbank
from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import Normalization

STATS = Normalization(1.5, 2.5, -0.011, 0.3)


@pytest.fixture(scope="module")
def filterbank() -> torch.Tensor:
    return htk_filterbank(48_000, 2048, 128)


def random(seed: int, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def mel_frames(frames: int, batch: int = 1) -> torch.Tensor:
    """As a decoder gives them: no power below 0, no frequency beyond 1."""
    magnitude = torch.nn.functional.softplus(random(frames, batch, 1, 128, frames))
    return torch.cat([magnitude, torch.tanh(random(7, batch, 1, 128, frames))], dim=1).float()


def test_the_phase_is_the_unwrapped_sum() -> None:
    frequency, before = random(1, 2, 4, 30), random(2, 2, 4) * 100
    summed, last = PhaseSum()(frequency, before)
    expected = before[..., None].numpy() + np.cumsum(0.5 * frequency.numpy(), axis=-1)
    np.testing.assert_allclose(summed, expected, rtol=0, atol=1e-11)
    assert torch.equal(last, summed[..., -1])


@settings(deadline=None, max_examples=30)
@given(cuts=st.sets(st.integers(1, 59), max_size=6))
def test_the_phase_of_a_stream_cut_anywhere_is_bit_equal(cuts: set[int]) -> None:
    frequency, phase = random(1, 2, 4, 60), torch.zeros(2, 4, dtype=torch.float64)
    whole, _ = PhaseSum()(frequency, phase)
    pieces = []
    for piece in frequency.tensor_split(sorted(cuts), dim=-1):
        summed, phase = PhaseSum()(piece, phase)
        pieces.append(summed)
    assert torch.equal(torch.cat(pieces, dim=-1), whole)


BIN_LISTS = {
    "every bin": torch.arange(1025),
    "the transform's": InverseRealDFT.bins(),
    "some, twice": torch.tensor([1024, 3, 3, 0, 512]),
}


@pytest.mark.parametrize("bins", BIN_LISTS.values(), ids=BIN_LISTS.keys())
def test_mel_inversion_is_the_pseudo_inverse_not_below_zero(
    filterbank: torch.Tensor, bins: torch.Tensor
) -> None:
    mel = random(1, 2, 128, 6)
    found = InverseMel(filterbank, bins)(mel).relu()
    inverse = np.linalg.pinv(filterbank.double().numpy().T)
    expected = np.maximum(inverse @ mel.numpy(), 0)[:, bins]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)
    assert (expected == 0).any()


def bands(*pairs: tuple[int, int]) -> torch.Tensor:
    """A filterbank of 4 bands and 8 bins with further entries."""
    filters = torch.zeros(8, 4)
    filters[torch.arange(8), torch.arange(8) // 2] = 1.0
    for place in pairs:
        filters[place] = 0.5
    return filters


TOO_MANY_BANDS = {
    "three": bands((3, 2), (3, 3)),
    "a gap": bands((0, 2)),
    "first and last": bands((1, 3)),
}


@pytest.mark.parametrize("filters", TOO_MANY_BANDS.values(), ids=TOO_MANY_BANDS.keys())
def test_other_filterbanks_are_refused(filters: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="more than two adjacent bands"):
        InverseMel(filters, torch.arange(8))


def test_two_adjacent_bands_anywhere_are_taken() -> None:
    filters = bands((0, 1), (7, 2), (5, 3))
    mel = random(1, 4, 3)
    expected = np.maximum(np.linalg.pinv(filters.double().numpy().T) @ mel.numpy(), 0)
    found = InverseMel(filters, torch.arange(8))(mel).relu()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@settings(deadline=None)
@given(exponent=st.floats(-30.0, 1.9))
def test_expm1_is_exact_for_small_numbers_too(exponent: float) -> None:
    x = torch.tensor([10.0**exponent], dtype=torch.float32)
    expected = torch.expm1(x.double())
    assert float((expm1(x) - expected).abs() / expected) < 1e-6


@pytest.mark.parametrize("n_mels", [32, 64, 128, 256])
@pytest.mark.parametrize("stats", [STATS, IDENTITY], ids=["statistics", "none"])
def test_the_magnitude_loses_nothing_where_bands_are_narrower_than_bins(
    n_mels: int, stats: Normalization
) -> None:
    filters = htk_filterbank(48_000, 2048, n_mels)
    # Powers of a spectrum, as smooth as music's: its bands are no random numbers, and where they
    # are narrow what is left of them is small.
    spectrum = torch.linspace(3.0, 0.0, 1025)[:, None].exp() * random(2, 1025, 40).abs()
    mel = (filters.double().T @ spectrum).square().log1p()
    mel = ((mel - stats.mag_mean) / stats.mag_std).float()
    amplitude = torch.expm1(mel.double() * stats.mag_std + stats.mag_mean).relu().sqrt()
    expected = np.maximum(np.linalg.pinv(filters.double().numpy().T) @ amplitude.numpy(), 0)
    found = Magnitude(stats, filters, torch.arange(1025))(mel[None])[0]
    assert found.dtype == torch.float32
    assert snr_db(expected, found.double().numpy()) > 125
    assert snr_db(expected[:40], found[:40].double().numpy()) > 125


def expected_spectrum(
    mel: np.ndarray, stats: Normalization | None, filters: np.ndarray, phase: np.ndarray
) -> np.ndarray:
    """Magnitude times e^(2 pi i phase) for every bin, in plain numpy and float64."""
    mean, std = (
        ([stats.mag_mean, stats.if_mean], [stats.mag_std, stats.if_std]) if stats else (0, 1)
    )
    values = mel * np.reshape(std, (-1, 1, 1)) + np.reshape(mean, (-1, 1, 1))
    inverse = np.linalg.pinv(filters.T)
    magnitude = np.maximum(inverse @ np.sqrt(np.maximum(np.expm1(values[:, 0]), 0)), 0)
    summed = 2 * np.pi * phase[..., None] + np.cumsum(np.pi * values[:, 1], axis=-1)
    return magnitude * np.exp(1j * np.maximum(inverse @ summed, 0))


@pytest.mark.parametrize("stats", [STATS, None])
@pytest.mark.parametrize("reached", [0.0, 50.0, 3e4], ids=["start", "second", "hour"])
def test_the_spectrum_is_the_plain_formula(
    filterbank: torch.Tensor, stats: Normalization | None, reached: float
) -> None:
    bins = InverseRealDFT.bins()
    mel, phase = mel_frames(40, batch=2), reached * random(3, 2, 128)
    real, imaginary, new_phase = LearnedSpectrum(stats, filterbank, bins)(mel, phase)
    assert real.dtype == imaginary.dtype == torch.float32
    filters = filterbank.double().numpy()
    expected = expected_spectrum(mel.double().numpy(), stats, filters, phase.numpy())[:, bins]
    found = real.double().numpy() + 1j * imaginary.double().numpy()
    assert snr_db(expected.view(float), found.view(float)) > 120
    sums = mel[:, 1].double().sum(dim=-1)
    if stats is not None:
        sums = sums * stats.if_std + 40 * stats.if_mean
    np.testing.assert_allclose(new_phase, phase + 0.5 * sums, rtol=0, atol=1e-8)


def test_power_below_zero_is_silence(filterbank: torch.Tensor) -> None:
    mel = mel_frames(5)
    stats = Normalization(-100.0, 1.0, 0.0, 1.0)
    spectrum = LearnedSpectrum(stats, filterbank, torch.arange(1025))
    real, imaginary, _ = spectrum(mel, torch.zeros(1, 128, dtype=torch.float64))
    assert not real.any()
    assert not imaginary.any()
