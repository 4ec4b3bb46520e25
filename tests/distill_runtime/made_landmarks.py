"""Landmarks of models that do not exist."""

from __future__ import annotations

from typing import Any

import numpy as np

from distill_runtime.contract import Landmarks


def make_landmarks(
    count: int = 5, *, latent_dim: int = 16, width: float = 1.0, seed: int = 0, default: float = 0.5
) -> Landmarks:
    """Draw landmarks as far from each other as seeds are."""
    generator = np.random.default_rng(seed)

    def rounded(values: Any) -> tuple[float, ...]:
        return tuple(np.asarray(values).round(4).tolist())

    return Landmarks(
        vectors=tuple(map(rounded, generator.standard_normal((count, latent_dim)))),
        potentials=rounded(generator.uniform(-2.0, 0.0, count)),
        widths=rounded(width * generator.uniform(0.5, 1.5, latent_dim)),
        default=default,
    )
