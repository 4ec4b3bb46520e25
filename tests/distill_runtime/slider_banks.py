"""Slider banks of models that do not exist."""

from __future__ import annotations

import numpy as np

from distill_runtime.contract import Slider, SliderBank


def make_bank(seed: int, sliders: int, latent_dim: int, **ranges: int) -> SliderBank:
    rows = np.random.default_rng(seed).standard_normal((sliders + 1, latent_dim))
    steps = {"min_step": -10, "max_step": 10, "safe_min_step": -8, "safe_max_step": 8}
    steps |= {"warning_min_step": -9, "warning_max_step": 9} | ranges
    return SliderBank(
        mean=tuple(rows[0].tolist()),
        sliders=tuple(
            Slider(
                name=f"PC{i + 1}",
                label=f"PC{i + 1} (model {seed})",
                component=tuple(row.tolist()),
                step_size=0.5,
                variance_explained=0.1,
                **steps,
            )
            for i, row in enumerate(rows[1:])
        ),
    )
