from __future__ import annotations

import numpy as np
import torch

from distill_export.graph.refined.tones import TONE_BINS, FindTones, TonePhase, Tones


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


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
