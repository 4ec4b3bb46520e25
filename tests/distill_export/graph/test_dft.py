from __future__ import annotations

import numpy as np
import torch

from distill_export.graph.dft import InverseRealDFT, RealDFT
from distill_runtime.audio.snr import snr_db

BINS, BIN_COUNT = InverseRealDFT.bins(), 1025


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


def test_the_transform_is_numpys() -> None:
    dft = InverseRealDFT()
    bins = dft.bins()
    assert bins.shape == (dft.slots,)
    assert (bins.min(), bins.max()) == (0, BIN_COUNT - 1)
    assert set(bins.tolist()) == set(range(BIN_COUNT))
    random = torch.Generator().manual_seed(1)
    spectrum = torch.randn(2, BIN_COUNT, 5, generator=random, dtype=torch.complex128)
    laid_out = spectrum[:, bins]
    stacked = torch.stack(
        [laid_out.real.unflatten(1, (33, 32)), laid_out.imag.unflatten(1, (33, 32))], dim=2
    ).flatten(2, 3)
    expected = np.fft.irfft(spectrum.numpy(), axis=1)
    assert snr_db(expected, dft.double()(stacked).numpy()) > 140  # its tables are float32
    assert snr_db(expected, dft.float()(stacked.float()).numpy()) > 125
