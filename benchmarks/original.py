"""What stands for the original program in these measurements: Distill's generation in PyTorch.

It is distill_export.reference, which plays Distill's own recordings (the tests check it): eager
PyTorch, one decoder step at a time. Nothing in it is made slow. Where it differs from Distill it is
as fast or faster: the mel bands go to the spectrum by a matrix that is made once, the phase in
float64, and not by a least-squares solve in each call; and the low-pass is the runtime's.
"""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.timing import interleave
from distill_export.model.file import LoadedModel
from distill_export.reference.continuous_mel import synthesize_continuous_mel
from distill_export.reference.generation import GenerationPipeline
from distill_export.reference.generation_config import GenerationConfig
from distill_runtime.arrays import Float32Array


class Original:
    """From latent vectors, or from a seed, to sound as the original does it."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._pipeline = GenerationPipeline(
            loaded.model,
            loaded.spectrogram,
            loaded.device,
            complex_spectrogram=loaded.complex_spectrogram,
            normalization_stats=loaded.normalization_stats,
        )

    def render(self, latents: Float32Array) -> Float32Array:
        """Play `[1, steps, latent_dim]` to `[samples]`, as the inverse STFT gives it."""
        pipeline = self._pipeline
        trajectory = torch.from_numpy(latents[0]).split(1)
        mel = synthesize_continuous_mel(pipeline.model, pipeline.spectrogram, trajectory)
        waveform = pipeline.complex_spectrogram.complex_mel_to_waveform(
            mel, pipeline.normalization_stats
        )
        return np.asarray(waveform[0, 0].numpy(), np.float32)

    def generate(self, duration_s: float, *, seed: int) -> Float32Array:
        """Play a seed and finish its sound: filtered without phase, its peak at 0.891."""
        return self._pipeline.generate(GenerationConfig(duration_s=duration_s, seed=seed)).audio

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

    def invert(self, spectrum: torch.Tensor) -> torch.Tensor:
        """Return the inverse STFT `[batch, samples]` of `[batch, bins, frames]`."""
        transform = self._pipeline.complex_spectrogram
        return torch.istft(
            spectrum,
            transform.config.n_fft,
            transform.config.hop_length,
            window=transform.window,
            center=True,
        )
