"""Controls of models that do not exist."""

from __future__ import annotations

from typing import Any

import numpy as np

from distill_runtime.contract import Control


def make_control(name: str, *, seed: int = 1, latent_dim: int = 16, **changes: Any) -> Control:
    direction = np.random.default_rng(seed).standard_normal(latent_dim)
    direction /= np.linalg.norm(direction)
    fields: dict[str, Any] = {
        "name": name,
        "direction": tuple(direction.tolist()),
        "step_size": 0.25,
        "safe_min_step": -10,
        "safe_max_step": 10,
        "unit": "octaves",
        "change_per_step": 0.1,
        "correlation": 0.95,
        "leak": 0.5,
        "leaks_into": None,
        "places": 16,
        "is_level": name == "Loudness",
    }
    return Control(**fields | changes)
