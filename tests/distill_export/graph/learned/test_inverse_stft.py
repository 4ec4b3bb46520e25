from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.graph.learned.inverse_stft import InverseSTFT
from distill_runtime.audio.snr import snr_db

N_FFT, HOP, BINS = 2048, 512, 1025


@pytest.fixture(scope="module")
def inverse_stft() -> InverseSTFT:
    """As it is in the graph, in float32."""
    return InverseSTFT(n_fft=N_FFT, hop_length=HOP)


@pytest.fixture(scope="module")
def precise() -> InverseSTFT:
    """Its float32 tables, in float64 arithmetic."""
    return InverseSTFT(n_fft=N_FFT, hop_length=HOP).double()


def spectra(seed: int, frames: int, batch: int = 1) -> torch.Tensor:
    """Random complex spectra, with imaginary parts at DC and Nyquist too, which mean nothing."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, BINS, frames, generator=generator, dtype=torch.complex128)


def play(
    module: InverseSTFT, spectrum: torch.Tensor, cuts: list[int], *, finish: bool = True
) -> torch.Tensor:
    """The stream's audio `[batch, samples]`, cut at these frames."""
    batch = len(spectrum)
    tail = torch.zeros(batch, HOP, module.overlap_hops, dtype=spectrum.real.dtype)
    sounds = []
    pieces = spectrum[:, module.bins].tensor_split(cuts, dim=-1)
    for i, piece in enumerate(pieces):
        flush = int(finish and i == len(pieces) - 1)
        started = torch.full((batch,), i > 0)
        audio, tail = module(piece.real, piece.imag, tail, started, flush)
        assert audio.shape == (batch, HOP * (piece.shape[-1] + 2 * flush))
        assert tail.shape == (batch, HOP, module.overlap_hops)
        sounds.append(audio)
    return torch.cat(sounds, dim=1)


def reference(spectrum: torch.Tensor, samples: int | None = None) -> np.ndarray:
    window = torch.hann_window(N_FFT, dtype=torch.float64)
    return torch.istft(spectrum, N_FFT, HOP, window=window, length=samples).numpy()


@pytest.mark.parametrize("bin_number", [0, 1024])
def test_the_imaginary_part_of_the_outermost_bins_means_nothing(
    precise: InverseSTFT, bin_number: int
) -> None:
    spectrum = spectra(1, 6)
    other = spectrum.clone()
    other[:, bin_number] = torch.complex(
        other[:, bin_number].real, other[:, bin_number].imag + 100.0
    )
    torch.testing.assert_close(
        play(precise, spectrum, []), play(precise, other, []), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("frames", [3, 4, 47, 94])
def test_it_is_torchs_inverse_and_a_hop_more(inverse_stft: InverseSTFT, frames: int) -> None:
    spectrum = spectra(frames, frames, batch=2)
    audio = play(inverse_stft, spectrum.to(torch.complex64), []).numpy()
    assert audio.shape == (2, 2 * HOP + frames * HOP)
    assert not audio[:, : 2 * HOP].any()
    assert snr_db(reference(spectrum), audio[:, 2 * HOP : -HOP]) > 120
    # What the centred transform cuts off: the last frames' tail, whole under its own envelope.
    expected = reference(spectrum, frames * HOP)
    assert snr_db(expected[:, -HOP:], audio[:, -HOP:]) > 120


def test_without_the_flush_the_last_hops_are_held_back(inverse_stft: InverseSTFT) -> None:
    spectrum = spectra(1, 12).to(torch.complex64)
    whole = play(inverse_stft, spectrum, [])
    held = play(inverse_stft, spectrum, [], finish=False)
    assert torch.equal(held, whole[:, : 12 * HOP])


@settings(deadline=None, max_examples=15)
@given(pieces=st.lists(st.integers(3, 20), min_size=1, max_size=5))
def test_a_stream_cut_anywhere_is_one_shot(pieces: list[int]) -> None:
    module = InverseSTFT(n_fft=N_FFT, hop_length=HOP)
    spectrum = spectra(1, sum(pieces), batch=2).to(torch.complex64)
    cuts = np.cumsum(pieces)[:-1].tolist()
    whole = play(module, spectrum, []).numpy()
    # Equal but for torch's matrix products, whose sums depend on how many columns there are.
    assert snr_db(whole, play(module, spectrum, cuts).numpy()) > 120


@settings(deadline=None, max_examples=15)
@given(pieces=st.lists(st.integers(3, 20), min_size=1, max_size=5))
def test_the_overlap_add_of_a_stream_is_bit_equal(pieces: list[int]) -> None:
    module = InverseSTFT(n_fft=N_FFT, hop_length=HOP)

    class Frames(torch.nn.Module):
        """In place of the transform: samples that depend on their own frame alone."""

        def forward(self, spectrum: torch.Tensor) -> torch.Tensor:
            return spectrum.flatten(1, 2)[:, :N_FFT] / 3

    module.dft = Frames()
    spectrum = spectra(1, sum(pieces)).to(torch.complex64)
    cuts = np.cumsum(pieces)[:-1].tolist()
    assert torch.equal(play(module, spectrum, cuts), play(module, spectrum, []))


def test_rows_may_stand_at_different_points(precise: InverseSTFT) -> None:
    spectrum = spectra(1, 8, batch=2)[:, precise.bins]
    tail = torch.randn(1, HOP, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    tails = torch.cat([tail, torch.zeros_like(tail)])
    started = torch.tensor([True, False])
    both, new_tails = precise(spectrum.real, spectrum.imag, tails, started, 1)
    for row in range(2):
        one = slice(row, row + 1)
        alone, new_tail = precise(
            spectrum[one].real, spectrum[one].imag, tails[one], started[one], 1
        )
        torch.testing.assert_close(both[one], alone, rtol=0, atol=1e-12)
        torch.testing.assert_close(new_tails[one], new_tail, rtol=0, atol=1e-12)
    assert both[0, : 2 * HOP].all()
    assert not both[1, : 2 * HOP].any()


@pytest.mark.parametrize(("n_fft", "hop"), [(1024, 256), (2048, 256), (4096, 1024)])
def test_other_sizes_are_refused(n_fft: int, hop: int) -> None:
    with pytest.raises(ValueError, match="only an n_fft of 2048"):
        InverseSTFT(n_fft=n_fft, hop_length=hop)
