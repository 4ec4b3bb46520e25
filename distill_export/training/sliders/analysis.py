"""The latent analysis: principal components of what a model encodes, their ranges and names.

The encoded training set says which directions the sounds differ along. Samples of the prior are
added, at the same weight, so that where seeds come from has an extent in every direction and a
small training set cannot put a slider's zero, or its end, where no seed ever goes. There are many
of them however small the training set is: else their own chance directions would become sliders.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial

import numpy as np
import torch

from distill_export.model.latent_analysis import LatentAnalysis
from distill_export.model.vae import ConvVAE
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_export.training.encoding import encode
from distill_export.training.sliders.latent_figures import measure_latents
from distill_export.training.sliders.sound_features import FEATURES, measure
from distill_export.verify.controls.slider_labels import slider_words
from distill_runtime.arrays import Float64Array
from distill_runtime.contract import SAMPLE_RATE_HZ

LEAST_VARIANCE_RATIO = 0.02
N_STEPS = 21
_SAFE_PERCENT = (2.0, 98.0)
_WARNING_PERCENT = (0.5, 99.5)
_PRIOR_SEED = 0
_PRIOR_SAMPLES_PER_DIMENSION = 20
_MAX_PRIOR_SAMPLES = 20_000
_LABEL_PLACES = 12
_LABEL_POSITIONS = 5


@torch.inference_mode()
def analyse_latents(
    model: ConvVAE, statistics: Statistics | None, spectrograms: Iterable[torch.Tensor]
) -> LatentAnalysis:
    """Find the sliders of a model.

    Args:
        model: In eval mode, with an encoder.
        statistics: What its spectrograms are normalised with; None: they are not.
        spectrograms: The training set, `[batch, 2, n_mels, frames]` each, not normalised.

    Raises:
        ModelFileError: The model has no encoder.
    """
    encoded, _ = encode(model, statistics, spectrograms)
    mean, components, ratios, positions = principal_components(with_prior(encoded))
    safe_min, safe_max = np.percentile(positions, _SAFE_PERCENT, axis=0)
    warning_min, warning_max = np.percentile(positions, _WARNING_PERCENT, axis=0)
    # A slider has 21 positions, and they span the safe range.
    step_size = np.maximum((safe_max - safe_min) / (N_STEPS - 1), 1e-6)
    correlations = sweep(model, statistics, mean, components, step_size)
    count = len(components)
    return LatentAnalysis(
        version=1,
        pca_components=components.astype(np.float32),
        pca_mean=mean.astype(np.float32),
        explained_variance_ratio=ratios.astype(np.float32),
        n_active_components=count,
        component_labels=tuple(f"PC{i + 1}" for i in range(count)),
        suggested_labels=suggest_labels(model, statistics, components, safe_min, safe_max),
        safe_min=safe_min.astype(np.float32),
        safe_max=safe_max.astype(np.float32),
        warning_min=warning_min.astype(np.float32),
        warning_max=warning_max.astype(np.float32),
        step_size=step_size.astype(np.float32),
        n_steps=N_STEPS,
        feature_correlations=correlations,
        latent_dim=len(mean),
    )


def with_prior(encoded: Float64Array) -> Float64Array:
    """Return encoded latents `[n, latent_dim]`, repeated, and as many samples of the prior."""
    chunks, latent_dim = encoded.shape
    wanted = min(_PRIOR_SAMPLES_PER_DIMENSION * latent_dim, _MAX_PRIOR_SAMPLES)
    repeated = np.tile(encoded, (math.ceil(wanted / chunks), 1))
    prior = np.random.default_rng(_PRIOR_SEED).standard_normal(repeated.shape)
    return np.concatenate([repeated, prior])


def principal_components(
    vectors: Float64Array,
) -> tuple[Float64Array, Float64Array, Float64Array, Float64Array]:
    """Return the directions that vectors `[n, latent_dim]` differ along, the strongest first.

    Of every pair of opposite directions that one is taken whose largest entry is positive, so that
    the same vectors give the same sliders everywhere.

    Returns:
        Mean `[latent_dim]`, components `[count, latent_dim]` with more than 2% of the variance (at
        least one), their shares `[count]`, and the vectors' positions `[n, count]` along them.
    """
    mean = vectors.mean(axis=0)
    variances, directions = np.linalg.eigh((vectors - mean).T @ (vectors - mean) / len(vectors))
    variances, directions = variances[::-1].clip(min=0.0), directions.T[::-1]
    shares = variances / max(variances.sum(), 1e-12)
    count = max(1, int((shares > LEAST_VARIANCE_RATIO).sum()))
    components = directions[:count]
    largest = components[np.arange(count), np.abs(components).argmax(axis=1)]
    components = components * np.where(largest < 0, -1.0, 1.0)[:, None]
    return mean, components, shares[:count], (vectors - mean) @ components.T


@torch.inference_mode()
def sweep(
    model: ConvVAE,
    statistics: Statistics | None,
    mean: Float64Array,
    components: Float64Array,
    step_size: Float64Array,
) -> dict[str, list[float]]:
    """Move every slider through its positions, and correlate them with what is heard.

    Returns:
        For each feature, Pearson's correlation with the position, for each component.
    """
    transform = ComplexSpectrogram()
    device = next(model.parameters()).device
    positions = np.arange(N_STEPS, dtype=np.float64) - N_STEPS // 2
    correlations: dict[str, list[float]] = {feature: [] for feature in FEATURES}
    for component, step in zip(components, step_size, strict=True):
        latents = mean + positions[:, None] * step * component
        decoded = model.decode(torch.from_numpy(latents).float().to(device)).cpu()
        sounds = transform.complex_mel_to_waveform(decoded, statistics)[:, 0]
        for feature, values in measure(sounds, SAMPLE_RATE_HZ).items():
            correlations[feature].append(_correlation(positions, values.double().numpy()))
    return correlations


def suggest_labels(
    model: ConvVAE,
    statistics: Statistics | None,
    components: Float64Array,
    safe_min: Float64Array,
    safe_max: Float64Array,
) -> tuple[str, ...]:
    """Return "PC1 (Brightness +)" for each component that moves a figure one way, and else "PC1".

    What is heard is measured as an export measures it, on the sound that Distill plays.

    Args:
        model: In eval mode.
        statistics: As for `analyse_latents`.
        components: `[count, latent_dim]`.
        safe_min: Lower ends of the positions along them, `[count]`.
        safe_max: Upper ends.
    """
    positions = np.linspace(safe_min, safe_max, _LABEL_POSITIONS).T
    words = slider_words(
        partial(measure_latents, model, statistics),
        list(components),
        list(positions),
        places=_LABEL_PLACES,
    )
    return tuple(f"PC{i + 1} ({word})" if word else f"PC{i + 1}" for i, word in enumerate(words))


def _correlation(positions: Float64Array, values: Float64Array) -> float:
    """Return Pearson's correlation; 0 where nothing changes or a value is not finite."""
    x, y = positions - positions.mean(), values - values.mean()
    size = np.sqrt((x**2).sum() * (y**2).sum())
    # A constant's rounding noise is not a change.
    if not np.isfinite(size) or np.ptp(values) <= 1e-9 * np.abs(values).max():
        return 0.0
    return float((x * y).sum() / size)
