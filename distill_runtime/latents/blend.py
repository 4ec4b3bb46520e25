"""Blending slider banks: shares of models, the sliders they have in common, the average vector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.contract import Slider
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, number


def normalized_weights(weights: Sequence[float]) -> tuple[float, ...]:
    """Return weights whose sum is 1, in the same proportions.

    Args:
        weights: At least one, each 0 or more; all 0 means equal.

    Raises:
        RequestError: There are no weights, or one is negative, NaN, infinite or not a number.
    """
    if not len(weights):
        raise RequestError("there are no weights, expected one for each model to blend")
    checked = [check_weight(weight) for weight in weights]
    # Relative to the largest first: the sum of large weights could be infinite.
    largest = max(checked)
    relative = [weight / largest if largest else 1.0 for weight in checked]
    total = math.fsum(relative)
    return tuple(weight / total for weight in relative)


def check_weight(weight: object) -> float:
    """Return a weight as a plain float.

    Raises:
        RequestError: It is not a finite number, 0 or more.
    """
    value = number(weight)
    if value is None or not 0.0 <= value < math.inf:
        found = brief(weight) if value is None else f"{value:g}"
        raise RequestError(f"the blend weight is {found}, expected a finite number, 0 or more")
    return value


def union_sliders(models: Sequence[Sequence[Slider]]) -> tuple[Slider, ...]:
    """Return the sliders that move several models at once, by index.

    Slider i is called as in the first model that has one, and its ranges are those in which
    every model's slider i is allowed, safe or tolerable.

    Args:
        models: The sliders of each model.
    """
    union = []
    for index in range(max(map(len, models), default=0)):
        same = [sliders[index] for sliders in models if index < len(sliders)]
        union.append(
            replace(
                same[0],
                min_step=max(slider.min_step for slider in same),
                max_step=min(slider.max_step for slider in same),
                safe_min_step=max(slider.safe_min_step for slider in same),
                safe_max_step=min(slider.safe_max_step for slider in same),
                warning_min_step=max(slider.warning_min_step for slider in same),
                warning_max_step=min(slider.warning_max_step for slider in same),
            )
        )
    return tuple(union)


def average(vectors: Sequence[Float32Array], shares: Sequence[float]) -> Float32Array:
    """Return the weighted mean of arrays of one shape; the shares' sum is 1."""
    # In float64, so that a model blended with itself is itself to the last bit.
    total = np.zeros(vectors[0].shape)
    for share, vector in zip(shares, vectors, strict=True):
        total += share * vector.astype(np.float64)
    return total.astype(np.float32)
