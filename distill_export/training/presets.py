"""Settings by the size of a data set: the less there is, the more is done against overfitting."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from distill_runtime.contract import MIN_LATENT_DIM
from distill_runtime.errors import RequestError

AUTO = "auto"

_FEW_CHUNKS = 600  # and fewer: no more latent values than seeds need
_MOST_LATENT_VALUES = 128


@dataclass(frozen=True)
class TrainingPreset:
    """Settings for training sets up to a size.

    Attributes:
        up_to_chunks: Largest training set that gets this preset by itself; None: any.
        settings: Fields of `TrainingSettings`.
    """

    up_to_chunks: int | None
    settings: dict[str, Any]


PRESETS = {
    "small": TrainingPreset(
        600,
        {
            "max_epochs": 150,
            "patience_epochs": 40,
            "batch_size": 8,
            "learning_rate": 1e-3,
            "dropout": 0.1,
            "weight_decay": 0.05,
            "augmentation_expansion": 1,
        },
    ),
    "medium": TrainingPreset(
        6000,
        {
            "max_epochs": 100,
            "patience_epochs": 20,
            "batch_size": 16,
            "learning_rate": 5e-4,
            "dropout": 0.05,
            "weight_decay": 0.02,
            "augmentation_expansion": 0,
        },
    ),
    "large": TrainingPreset(
        None,
        {
            "max_epochs": 40,
            "patience_epochs": 8,
            "batch_size": 32,
            "learning_rate": 5e-4,
            "dropout": 0.0,
            "weight_decay": 0.01,
            "augmentation_expansion": 0,
        },
    ),
}


def latent_values(training_chunks: int) -> int:
    """Return how many latent values suit so many chunks: the least up to 600, then slowly more.

    Chunks fill a space that is the smaller the fewer values it has, and between them lies what
    seeds sound like. What it takes to tell n chunks apart grows with log n, and so does this: twice
    as many values for each tenfold, up to Distill's own number.
    """
    tenfolds = math.ceil(math.log10(max(1.0, training_chunks / _FEW_CHUNKS)))
    return min(MIN_LATENT_DIM * 2**tenfolds, _MOST_LATENT_VALUES)


def preset_settings(name: str, training_chunks: int) -> dict[str, Any]:
    """Return the settings that go by the size of the training set, as fields of `TrainingSettings`.

    Raises:
        RequestError: There is no such preset.
    """
    settings = PRESETS[preset_name(name, training_chunks)].settings
    return {**settings, "latent_dim": latent_values(training_chunks)}


def preset_name(name: str, training_chunks: int) -> str:
    """Return the preset that is meant, "auto" being the one for so many chunks.

    Raises:
        RequestError: There is no such preset.
    """
    if name in PRESETS:
        return name
    if name != AUTO:
        raise RequestError(f"there is no preset {name!r}, expected {AUTO}, {', '.join(PRESETS)}")
    return next(
        name
        for name, preset in PRESETS.items()
        if preset.up_to_chunks is None or training_chunks <= preset.up_to_chunks
    )
