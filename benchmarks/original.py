"""The original program's road in PyTorch: one decode at a time, a least-squares solve.

Plain eager PyTorch, as the original is: nothing here is made slow, and nothing fast.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.signal import butter, sosfiltfilt

from benchmarks.timing import interleave
from distill_export.model.file import LoadedModel
from distill_export.reference.complex_spectrogram import ComplexSpectrogram
from distill_export.reference.continuous_mel import synthesize_continuous_mel
from distill_runtime.arrays import Float32Array
from distill_runtime.contract import SAMPLE_RATE_HZ


class Original:
    """From latent vectors to sound as the original does it."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.model = loaded.model.eval()
        self.stats = loaded.normalization_stats
        self.transform = ComplexSpectrogram()

    def render(self, latents: Float32Array) -> Float32Array:
        """Play `[1, steps, latent_dim]` to `[samples]`, as the inverse STFT gives it."""
        with torch.inference_mode():
            mel = synthesize_continuous_mel(self.model.decode, torch.from_numpy(latents[0]))
            if self.stats is not None:
                mel = self.transform.denormalize(mel, self.stats)
            log_power, frequency = mel.unbind(dim=1)
            magnitude = self._to_linear(torch.expm1(log_power).clamp(min=0.0).sqrt())
            phase = self._to_linear(torch.cumsum(torch.pi * frequency, dim=-1))
            spectrum = torch.polar(magnitude, phase)
            return self.invert(spectrum)[0].numpy()

    def use_fastest_threads(self, latents: Float32Array, most: int) -> int:
        """Give PyTorch one thread or `most`, whichever is faster here, and return how many.

        Its threads wait busily for each other, which is slow on cores that others use too.
        """
        best_s, best = float("inf"), 1
        for threads in {1, most}:
            torch.set_num_threads(threads)
            timing = interleave({"": lambda: self.render(latents)}, rounds=3)[""]
            if timing.minimum_s < best_s:
                best_s, best = timing.minimum_s, threads
        torch.set_num_threads(best)
        return best

    def finish(self, latents: Float32Array) -> Float32Array:
        """Play, filter without phase and bring the peak to 0.891."""
        sos = butter(8, 20_000, fs=SAMPLE_RATE_HZ, output="sos")
        audio = sosfiltfilt(sos, self.render(latents))
        return (audio * (0.891 / np.abs(audio).max())).astype(np.float32)

    def invert(self, spectrum: torch.Tensor) -> torch.Tensor:
        """Return the inverse STFT `[batch, samples]` of `[batch, bins, frames]`."""
        transform = self.transform
        return torch.istft(
            spectrum, transform.n_fft, transform.hop_length, window=transform.window, center=True
        )

    def _to_linear(self, mel: torch.Tensor) -> torch.Tensor:
        filters = self.transform.filterbank.T[None]
        return torch.relu(torch.linalg.lstsq(filters, mel, driver="gels").solution)
