"""The HTK mel filterbank and its minimum-norm inverse."""

from __future__ import annotations

import math

import torch


def htk_filterbank(sample_rate_hz: int, n_fft: int, n_mels: int) -> torch.Tensor:
    """Return triangular filters equally spaced on the HTK mel scale, of unit height.

    Every intermediate is float32, as in torchaudio's `melscale_fbanks` (htk, norm=None): a
    filterbank built in float64 differs by 9e-6, which the phase's projection makes audible to a
    meter (-57 to -67 dB). Formula: The HTK Book, section 5.4, `mel = 2595 log10(1 + f / 700)`.

    Args:
        sample_rate_hz: Sampling rate; the bands span 0 to half of it.
        n_fft: Length of the Fourier transform.
        n_mels: Number of bands.

    Returns:
        float32 `[n_fft // 2 + 1, n_mels]`, amplitude per bin and band, 0..1.
    """
    bins_hz = torch.linspace(0, sample_rate_hz // 2, n_fft // 2 + 1)
    top_mel = 2595.0 * math.log10(1.0 + sample_rate_hz / 2 / 700.0)
    edges_hz = 700.0 * (10.0 ** (torch.linspace(0.0, top_mel, n_mels + 2) / 2595.0) - 1.0)
    widths = edges_hz[1:] - edges_hz[:-1]
    distance = edges_hz[None, :] - bins_hz[:, None]
    rising = -distance[:, :-2] / widths[:-1]
    falling = distance[:, 2:] / widths[1:]
    return torch.minimum(rising, falling).clamp(min=0.0)


def inverse_gram(filterbank: torch.Tensor) -> torch.Tensor:
    """Return `pinv(F^T F)` for a filterbank `F [n_bins, n_mels]`, float64 `[n_mels, n_mels]`.

    The minimum-norm least-squares solution of `F^T x = m` is `x = F pinv(F^T F) m` (Golub and
    Van Loan, Matrix Computations, section 5.5). A bin belongs to two bands at most, so this factor
    does nearly all of the work that a dense `[n_bins, n_mels]` pseudo-inverse would do.
    """
    columns = filterbank.double()
    inverse: torch.Tensor = torch.linalg.pinv(columns.T @ columns)
    return inverse


def inverse_filterbank(filterbank: torch.Tensor) -> torch.Tensor:
    """Return the pseudo-inverse of a filterbank, float64 `[n_bins, n_mels]`.

    Applied to mel bands `[..., n_mels, frames]` it gives the spectrum `[..., n_bins, frames]` of
    least norm with these bands; some of its values may be negative.

    Args:
        filterbank: `F`, `[n_bins, n_mels]`; the inverse is that of `F^T`.
    """
    return filterbank.double() @ inverse_gram(filterbank)
