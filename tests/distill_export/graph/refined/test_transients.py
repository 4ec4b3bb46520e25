"""Sound that comes before its onset is found by the frames' energies, and held back."""

from __future__ import annotations

import math

import pytest
import torch

from distill_export.graph.refined.transients import SEGMENTS, Transients

FRAMES, HOP, N_FFT = 49, 512, 2048
SEGMENT = HOP // SEGMENTS


@pytest.fixture(scope="module")
def transients() -> Transients:
    return Transients(n_fft=N_FFT, hop_length=HOP, frames=FRAMES)


def noise(seed: int = 1) -> torch.Tensor:
    """`[1, HOP, hops]` of variance 1."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, HOP, FRAMES + 3, generator=generator)


def as_hops(sound: torch.Tensor) -> torch.Tensor:
    return sound.unflatten(1, (-1, HOP)).transpose(1, 2)


def as_sound(hops: torch.Tensor) -> torch.Tensor:
    return hops.transpose(1, 2).flatten(1)


def power_of(hops: torch.Tensor) -> torch.Tensor:
    """The power of each frame's half spectrum, as if it had one mel band."""
    window = torch.hann_window(N_FFT)
    spectrum = torch.fft.rfft(as_sound(hops).unfold(1, N_FFT, HOP) * window)
    power = spectrum.abs().square()
    power[..., [0, -1]] /= 2
    return power.sum(dim=2)[:, None].double()


def onset_at(sample: int, level: float = 1e-3) -> torch.Tensor:
    """Noise that is quiet before a sample."""
    sound = as_sound(noise())
    gains = torch.where(torch.arange(sound.shape[1]) < sample, level, 1.0)
    return as_hops(sound * gains)


def test_steady_noise_has_its_own_energy_and_is_left_alone(transients: Transients) -> None:
    hops = noise()
    energy = transients.energy(power_of(hops))
    middle = energy[0, 0, 16:-16]
    assert middle.mean() == pytest.approx(1.0, rel=0.05)
    held = transients.hold_back(hops, transients.limits(energy))
    assert (held - hops).square().sum() < 1e-3 * hops.square().sum()


@pytest.mark.parametrize("sample", [12_000, 12_150, 12_400])
def test_the_frames_tell_when_an_onset_is(transients: Transients, sample: int) -> None:
    energy = transients.energy(power_of(onset_at(sample)))[0, 0]
    at = sample // SEGMENT
    assert energy[at - 1 : at + 24].sum() / 24 == pytest.approx(1.0, rel=0.2)
    before = energy[at - 10 : at - 2]
    assert before.max() < 0.03  # 15 dB and more below; of one frame alone, 43 ms, nothing is known


def test_what_comes_before_is_held_back_and_what_follows_is_not(transients: Transients) -> None:
    """As the passes find it: the frames' energies are right, and the noise is everywhere."""
    sample = 12_200
    wanted = onset_at(sample)
    limits = transients.limits(transients.energy(power_of(wanted)))
    held = as_sound(transients.hold_back(noise(2), limits))[0]
    before = held[sample - 800 : sample - 300].square().mean()
    assert 10 * math.log10(before) < -12
    after = held[sample + 200 : sample + 4000].square().mean()
    assert after == pytest.approx(1.0, rel=0.15)


def test_nothing_is_ever_made_louder(transients: Transients) -> None:
    hops = noise(3)
    for power in (0.0, 1.0, 1e12):
        limits = transients.limits(transients.energy(torch.full((1, 128, FRAMES), power).double()))
        assert (transients.hold_back(hops, limits).abs() <= hops.abs() * (1 + 1e-5)).all()


def test_gains_are_lines_between_the_middles_of_segments(transients: Transients) -> None:
    generator = torch.Generator().manual_seed(4)
    gain = torch.rand(1, SEGMENTS, 5, generator=generator)
    found = as_sound(transients._between(gain).flatten(1, 2))[0]
    in_order = gain.transpose(1, 2).flatten()
    middles = found.unflatten(0, (-1, SEGMENT))[:, SEGMENT // 2 - 1 : SEGMENT // 2 + 1].mean(dim=1)
    assert torch.allclose(middles, in_order, atol=0.01)
    steps = found.diff().abs()
    largest = in_order.diff().abs().max()
    assert steps.max() <= largest / SEGMENT * 1.01


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-9, 1.0, 1e10])
def test_whatever_is_wanted_the_result_is_a_number(transients: Transients, scale: float) -> None:
    generator = torch.Generator().manual_seed(5)
    for _ in range(20):
        steps = 10 ** (-12 * torch.rand(1, 1, FRAMES, generator=generator))
        power = torch.rand(1, 128, FRAMES, generator=generator) * scale * steps
        energy = transients.energy(power.double())
        held = transients.hold_back(noise(6) * scale**0.5, transients.limits(energy))
        assert energy.isfinite().all()
        assert held.isfinite().all()
