from __future__ import annotations

import torch

from distill_export.graph.refined.noise import NoisePhase


def test_the_noise_table_begins_again_and_is_always_the_same() -> None:
    noise = NoisePhase(n_fft=2048, hop_length=512)
    assert noise.table.dtype == torch.uint8
    assert noise.table.numel() < 600_000
    assert torch.equal(noise.table, NoisePhase(n_fft=2048, hop_length=512).table)
    found = noise(torch.tensor([510.0, 0.0]), 3)
    assert torch.equal(found[0, 2], found[1, 0])
    levels = torch.bincount(noise.table.flatten().long(), minlength=256)
    assert levels.min() > 0.8 * levels.float().mean()
