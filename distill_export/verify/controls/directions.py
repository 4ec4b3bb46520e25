"""Directions of the latent space along which a figure of the sound rises."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from distill_runtime.arrays import Float64Array

# Ridge regression on some five samples for each latent dimension: shrunk by as much as a seventh.
_RIDGE = 0.13


def slopes(latents: Float64Array, figures: Float64Array) -> Float64Array:
    """Return how each figure rises with the latent vector, by ridge regression.

    What is regressed are the figures' ranks as a normal distribution's: of how a figure is scaled
    and of outliers nothing remains.

    Args:
        latents: Samples of the prior, `[n, latent_dim]`.
        figures: Of their sounds, `[n, columns]`.

    Returns:
        `[columns, latent_dim]`, of unit length; zeros of a figure that is the same everywhere.
    """
    samples = len(latents)
    gram = latents.T @ latents + _RIDGE * samples * np.eye(latents.shape[1])
    ways = np.linalg.solve(gram, latents.T @ _normal_ranks(figures)).T
    lengths = np.linalg.norm(ways, axis=1, keepdims=True)
    constant = np.ptp(figures, axis=0)[:, None] <= 1e-9 * np.abs(figures).max(axis=0)[:, None]
    return np.where(constant, 0.0, ways / np.where(lengths > 0.0, lengths, 1.0))


def separated(
    way: Float64Array, others: Sequence[Float64Array], entanglement: float
) -> Float64Array:
    """Turn a direction away from those of other figures.

    The pseudo-inverse of all the slopes would move one figure and, as far as they are linear, no
    other. Directions that nearly coincide leave little of each other then, so what is taken is its
    regularised form, W^T (W W^T + e D)^-1, D being 1 for the others.

    Args:
        way: Unit length, `[latent_dim]`.
        others: Unit length or zeros, `[latent_dim]` each.
        entanglement: 0 is the pseudo-inverse; the larger, the less the direction is turned;
            infinite leaves it.

    Returns:
        `[latent_dim]`, unit length.
    """
    if not np.isfinite(entanglement):
        return way
    ways = np.stack([way, *(other for other in others if other.any())])
    own = np.eye(len(ways))[0]
    weights = np.linalg.lstsq(ways @ ways.T + entanglement * np.diag(1.0 - own), own, rcond=None)[0]
    turned: Float64Array = ways.T @ weights
    return turned / np.linalg.norm(turned)


def _normal_ranks(figures: Float64Array) -> Float64Array:
    """Return each column's ranks as values of the standard normal distribution."""
    samples = len(figures)
    ranks = np.argsort(np.argsort(figures, axis=0, kind="stable"), axis=0, kind="stable")
    normal = NormalDist()
    values = np.array([normal.inv_cdf((rank + 0.5) / samples) for rank in range(samples)])
    return values[ranks]
