"""What is heard of latent vectors: a model's own sounds, measured as an export measures them."""

from __future__ import annotations

import numpy as np
import torch

from distill_export.model.vae import ConvVAE
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_export.verify.controls.sound_figures import measure_sounds
from distill_export.verify.controls.still_sounds import as_delivered
from distill_runtime.arrays import Float32Array, Float64Array

_ROWS = 16  # decoded at once


@torch.inference_mode()
def still_sounds(
    model: ConvVAE, statistics: Statistics | None, latents: Float32Array
) -> Float32Array:
    """Return a second of what Distill plays where each latent vector stands still.

    Args:
        model: In eval mode.
        statistics: What its spectrograms are normalised with; None: they are not.
        latents: `[n, latent_dim]`.

    Returns:
        float32 `[n, samples]`, each at the level that it has.
    """
    device = next(model.parameters()).device
    decoded = model.decode(torch.from_numpy(latents).to(device)).cpu()
    sounds = ComplexSpectrogram().complex_mel_to_waveform(decoded, statistics)
    found: Float32Array = sounds[:, 0].numpy()
    return found


def measure_latents(
    model: ConvVAE, statistics: Statistics | None, latents: Float32Array
) -> Float64Array:
    """Return the figures of latent vectors `[n, latent_dim]`, see `sweep.Measure`."""
    return np.concatenate(
        [
            measure_sounds(as_delivered(still_sounds(model, statistics, latents[i : i + _ROWS])))
            for i in range(0, len(latents), _ROWS)
        ]
    )
