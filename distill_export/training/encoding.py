"""What a model's encoder answers to recordings."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from distill_export.model.vae import ConvVAE
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_runtime.arrays import Float64Array


@torch.inference_mode()
def encode(
    model: ConvVAE, statistics: Statistics | None, spectrograms: Iterable[torch.Tensor]
) -> tuple[Float64Array, Float64Array]:
    """Return where the encoder puts chunks of sound, and how sure it is.

    Args:
        model: In eval mode, with an encoder.
        statistics: What its spectrograms are normalised with; None: they are not.
        spectrograms: `[batch, 2, n_mels, frames]` each, not normalised.

    Returns:
        Means and variances of the latents' posteriors, float64 `[chunks, latent_dim]` each.

    Raises:
        ModelFileError: The model has no encoder.
    """
    transform = ComplexSpectrogram()
    device = next(model.parameters()).device
    means, variances = [], []
    for spectrogram in spectrograms:
        batch = spectrogram.to(device)
        if statistics is not None:
            batch = transform.normalize(batch, statistics)
        mean, log_variance = model.encode(batch)[:2]
        means.append(mean.double().cpu())
        variances.append(log_variance.double().exp().cpu())
    return torch.cat(means).numpy(), torch.cat(variances).numpy()
