"""Moving random latent vectors along a direction, and what is heard of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from distill_runtime.arrays import Float32Array, Float64Array

# Latent vectors [n, latent_dim] to figures of their sounds [n, columns].
Measure = Callable[[Float32Array], Float64Array]


@dataclass(frozen=True)
class Sweep:
    """What the figures do along one direction, from several places.

    Attributes:
        correlations: Rank correlation of each figure with the position, mean over the places,
            `[columns]`.
        changes: How much each figure changes from end to end, mean over the places, `[columns]`.
        course: The figures at each position, mean over the places, `[positions, columns]`.
    """

    correlations: Float64Array
    changes: Float64Array
    course: Float64Array

    def rising(self, column: int) -> tuple[int, int]:
        """Return from which position to which a figure rises without a break, around the middle.

        All of them, where it does not rise there.
        """
        course = self.course[:, column]
        low = high = len(course) // 2
        while low > 0 and course[low - 1] < course[low]:
            low -= 1
        while high < len(course) - 1 and course[high + 1] > course[high]:
            high += 1
        return (low, high) if low < high else (0, len(course) - 1)


def sweep(
    measure: Measure,
    places: Float64Array,
    directions: Sequence[Float64Array],
    positions: Sequence[Float64Array],
) -> list[Sweep]:
    """Move from every place along every direction.

    Args:
        measure: Renders and measures.
        places: Latent vectors, `[places, latent_dim]`.
        directions: `[latent_dim]` each.
        positions: Distances along each direction, in order, `[positions]` each, all as many.
    """
    if not directions:
        return []
    moves = [distances[:, None] * way for distances, way in zip(positions, directions, strict=True)]
    latents = places[None, :, None] + np.stack(moves)[:, None]  # directions, places, positions
    figures = measure(latents.reshape(-1, places.shape[1]).astype(np.float32))
    return [_sweep(found) for found in figures.reshape(*latents.shape[:3], -1)]


def _sweep(figures: Float64Array) -> Sweep:
    """Sum up figures `[places, positions, columns]`."""
    positions = figures.shape[1]
    order = np.arange(positions) - (positions - 1) / 2
    ranks = _ranks(figures)
    spread = np.sqrt((ranks**2).sum(1) * (order**2).sum())
    # A figure that does not change has no ranks, and follows nothing.
    correlations = (ranks * order[:, None]).sum(1) / np.where(spread > 0.0, spread, 1.0)
    return Sweep(
        correlations=correlations.mean(0),
        changes=(figures[:, -1] - figures[:, 0]).mean(0),
        course=figures.mean(0),
    )


def _ranks(figures: Float64Array) -> Float64Array:
    """Return ranks along the positions, equal ones at their mean, around 0."""
    mine, others = figures[:, :, None], figures[:, None]
    return 0.5 * ((mine > others).sum(2) - (mine < others).sum(2)).astype(np.float64)
