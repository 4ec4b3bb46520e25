from __future__ import annotations

import numpy as np
import pytest
import torch

from distill_export.graph.dft import RealDFT
from distill_export.graph.learned.inverse_stft import InverseRealDFT
from distill_export.graph.mel_bands import MelLayout
from distill_export.graph.refined.block import RefinedBlock
from distill_export.graph.refined.linear_power import LinearPower, log_mel, mel_power
from distill_export.graph.refined.noise import NoisePhase
from distill_export.graph.refined.tones import TONE_BINS, FindTones, TonePhase, Tones
from distill_export.reference.mel import htk_filterbank

FILTERBANK = htk_filterbank(48_000, 2048, 128)
BINS = InverseRealDFT.bins()


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_forward_transform_is_the_fft() -> None:
    samples = torch.randn(2, 2048, 5, generator=generator())
    found = RealDFT()(samples, InverseRealDFT()).unflatten(2, (2, 32))
    expected = torch.fft.rfft(samples, dim=1)[:, BINS].unflatten(1, (33, 32))
    torch.testing.assert_close(found[:, :, 0], expected.real, rtol=0, atol=1e-4)
    torch.testing.assert_close(found[:, :, 1], expected.imag, rtol=0, atol=1e-4)


def test_the_transforms_undo_each_other() -> None:
    inverse = InverseRealDFT()
    samples = torch.randn(1, 2048, 3, generator=generator())
    found = inverse(RealDFT()(samples, inverse))
    torch.testing.assert_close(found, samples, rtol=0, atol=1e-5)


def test_bands_are_summed_and_spread_as_the_filterbank_says() -> None:
    layout = MelLayout(FILTERBANK)
    power = torch.rand(2, 1025, 4, generator=generator())
    torch.testing.assert_close(layout.total(power[:, BINS]), FILTERBANK.T @ power)
    bands = torch.randn(2, 128, 4, generator=generator())
    torch.testing.assert_close(layout.weighted(bands), (FILTERBANK @ bands)[:, BINS])
    rows = FILTERBANK / FILTERBANK.sum(dim=1, keepdim=True).clamp(min=1e-3)
    torch.testing.assert_close(layout.mean(bands), (rows @ bands)[:, BINS])


def test_the_linear_power_has_the_bands_asked_for() -> None:
    layout = MelLayout(FILTERBANK)
    spectrum = 10.0 ** (4 * torch.rand(1, 1025, 6, generator=generator(), dtype=torch.float64))
    power = FILTERBANK.double().T @ spectrum
    power[..., 3] = 0.0
    linear = LinearPower(layout, FILTERBANK)(power)
    assert linear.dtype == torch.float64
    assert (linear >= 0).all()
    assert not linear[..., 3].any(), "silence has power"
    error = log_mel(layout.total(linear)) - log_mel(power)
    assert error.square().mean().sqrt() < 0.2


def test_extreme_mel_values_stay_finite() -> None:
    values = torch.tensor([-1e30, -1.0, 0.0, 80.0, 1e30, torch.inf], dtype=torch.float64)
    power = mel_power(values)
    assert torch.isfinite(power).all()
    assert (power >= 0).all()
    assert power[:3].tolist() == [0.0, 0.0, 0.0]


def test_a_tone_is_found_between_the_bins() -> None:
    bins = torch.arange(TONE_BINS, dtype=torch.float64)
    power = 1e4 * torch.exp(-2.0 * (bins - 100.3) ** 2) + 1e-2
    tones = FindTones(512, 2048)(power.expand(1, 2, -1))
    assert tones.is_tonal[0, 0, 98:103].all()
    assert (tones.peak[0, 0, 98:103] == 100).all()
    np.testing.assert_allclose(tones.advance[0, 0, 98:103], 100.3 * np.pi / 2, atol=1e-3)
    assert not tones.is_tonal[0, 0, 200:].any()


def test_the_prefix_scan_is_the_recurrence() -> None:
    frames = 49
    peak = torch.randint(0, TONE_BINS, (1, frames, TONE_BINS), generator=generator())
    tonal = torch.rand(1, frames, TONE_BINS, generator=generator(2)) < 0.9
    advance = 600 * torch.rand(1, frames, TONE_BINS, generator=generator(3), dtype=torch.float64)
    noise = 6 * torch.rand(1, frames, TONE_BINS, generator=generator(4))
    angle = 6 * torch.rand(1, TONE_BINS, generator=generator(5), dtype=torch.float64)
    before = 600 * torch.rand(1, TONE_BINS, generator=generator(6))
    start = torch.stack([angle.cos(), angle.sin()], dim=1).float()
    found = TonePhase()(Tones(peak, tonal, advance), noise, start, before)

    phase, last = angle[0], before[0].double()
    for m in range(frames):
        climbed = phase[peak[0, m]] + 0.5 * (advance[0, m] + last[peak[0, m]])
        phase = torch.where(tonal[0, m], climbed, noise[0, m].double())
        last = advance[0, m]
        np.testing.assert_allclose(found[0, 0, m], phase.cos(), atol=1e-5)
        np.testing.assert_allclose(found[0, 1, m], phase.sin(), atol=1e-5)


def test_the_noise_table_begins_again_and_is_always_the_same() -> None:
    noise = NoisePhase(n_fft=2048, hop_length=512)
    assert noise.table.dtype == torch.uint8
    assert noise.table.numel() < 600_000
    assert torch.equal(noise.table, NoisePhase(n_fft=2048, hop_length=512).table)
    found = noise(torch.tensor([510.0, 0.0]), 3)
    assert torch.equal(found[0, 2], found[1, 0])
    levels = torch.bincount(noise.table.flatten().long(), minlength=256)
    assert levels.min() > 0.8 * levels.float().mean()


@pytest.mark.parametrize("iterations", [0, 1, 4])
def test_a_block_of_silence_is_silent(iterations: int) -> None:
    block = RefinedBlock(FILTERBANK, n_fft=2048, hop_length=512, iterations=iterations)
    silence = torch.zeros(2, 128, 49, dtype=torch.float64)
    sound, state = block(silence, *block.initial_state(2))
    assert sound.shape == (2, 47 * 512)
    assert not sound.any()
    for part in state:
        assert torch.isfinite(part).all()
