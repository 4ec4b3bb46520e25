from __future__ import annotations

import pytest
import torch

from distill_export.graph.denormalize import Denormalize, normalization
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_runtime.contract import Normalization

STATS = Normalization(1.5, 2.5, -0.011, 0.3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_denormalizing_is_the_references(dtype: torch.dtype) -> None:
    mel = torch.randn(2, 2, 128, 5, generator=torch.Generator().manual_seed(1))
    magnitude = Denormalize(STATS.mag_mean, STATS.mag_std, dtype)(mel[:, 0])
    frequency = Denormalize(STATS.if_mean, STATS.if_std, dtype)(mel[:, 1])
    found = torch.stack([magnitude, frequency], dim=1)
    expected = ComplexSpectrogram().denormalize(mel.to(dtype), Statistics(**vars(STATS)))
    torch.testing.assert_close(found, expected, rtol=0, atol=4 * torch.finfo(dtype).eps)


def test_a_models_statistics_are_the_contracts() -> None:
    assert normalization(
        Statistics(mag_mean=1.0, mag_std=2.0, if_mean=3.0, if_std=4.0)
    ) == Normalization(1.0, 2.0, 3.0, 4.0)
    assert normalization(None) is None
