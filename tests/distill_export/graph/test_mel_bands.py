from __future__ import annotations

import torch

from distill_export.graph.dft import InverseRealDFT
from distill_export.graph.mel_bands import MelLayout
from distill_export.reference.mel import htk_filterbank

FILTERBANK = htk_filterbank(48_000, 2048, 128)
BINS = InverseRealDFT.bins()


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_bands_are_summed_and_spread_as_the_filterbank_says() -> None:
    layout = MelLayout(FILTERBANK)
    power = torch.rand(2, 1025, 4, generator=generator())
    torch.testing.assert_close(layout.total(power[:, BINS]), FILTERBANK.T @ power)
    bands = torch.randn(2, 128, 4, generator=generator())
    torch.testing.assert_close(layout.weighted(bands), (FILTERBANK @ bands)[:, BINS])
    rows = FILTERBANK / FILTERBANK.sum(dim=1, keepdim=True).clamp(min=1e-3)
    torch.testing.assert_close(layout.mean(bands), (rows @ bands)[:, BINS])
