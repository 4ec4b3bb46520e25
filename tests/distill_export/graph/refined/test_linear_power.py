from __future__ import annotations

import torch

from distill_export.graph.mel_bands import MelLayout
from distill_export.graph.refined.linear_power import LinearPower, log_mel
from distill_export.reference.log_mel import mel_power
from distill_export.reference.mel import htk_filterbank

FILTERBANK = htk_filterbank(48_000, 2048, 128)


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


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
