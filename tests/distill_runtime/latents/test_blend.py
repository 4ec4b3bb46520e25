"""Blending slider banks: shares, the union of sliders, the average."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from distill_runtime.contract import Slider
from distill_runtime.errors import RequestError
from distill_runtime.latents.blend import average, normalized_weights, union_sliders
from tests.distill_runtime.slider_banks import make_bank

# Subnormal numbers are zero on a thread that onnxruntime has set to flush them.
weight_lists = st.lists(st.floats(0.0, 1e300, allow_subnormal=False), min_size=1, max_size=4)
shares = st.floats(0.0, 1.0, allow_subnormal=False)
sounds_of = arrays(
    np.float32, (2, 50), elements=st.floats(-1.0, 1.0, width=32, allow_subnormal=False)
)


def sliders_of(seed: int, count: int, **ranges: int) -> tuple[Slider, ...]:
    return make_bank(seed, count, 16, **ranges).sliders


# Weights.


@given(weight_lists)
def test_the_weights_are_normalised(weights: list[float]) -> None:
    normalised = normalized_weights(weights)
    assert math.fsum(normalised) == pytest.approx(1.0, abs=1e-12)
    assert all(weight >= 0.0 for weight in normalised)
    largest = weights.index(max(weights))
    for weight, share in zip(weights, normalised, strict=True):
        assert share * weights[largest] == pytest.approx(weight * normalised[largest], rel=1e-12)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([50, 50], (0.5, 0.5)),
        ([3, 1], (0.75, 0.25)),
        ([0, 2.5], (0.0, 1.0)),
        ([0, 0, 0, 0], (0.25,) * 4),
        ([-0.0], (1.0,)),
        ([1e308, 1e308], (0.5, 0.5)),
        ([1e-307, 1e-307], (0.5, 0.5)),
        ([np.float32(1), np.int64(3)], (0.25, 0.75)),
    ],
)
def test_some_weights(weights: list[float], expected: tuple[float, ...]) -> None:
    normalised = normalized_weights(weights)
    assert normalised == expected
    assert all(type(weight) is float for weight in normalised)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([], "there are no weights, expected one for each model to blend"),
        ([1, -0.5], "the blend weight is -0.5, expected a finite number, 0 or more"),
        ([math.nan], "the blend weight is nan, expected"),
        ([1, math.inf], "the blend weight is inf, expected"),
        ([10**400], "the blend weight is inf, expected"),
        (["1"], "the blend weight is '1', expected"),
        ([None], "the blend weight is None, expected"),
        ([True], "the blend weight is True, expected"),
    ],
)
def test_what_is_no_weight(weights: Any, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        normalized_weights(weights)


def test_the_union_of_sliders() -> None:
    narrow = sliders_of(4, 1, min_step=-5, safe_max_step=3, warning_max_step=4)
    ours, theirs = sliders_of(1, 3), sliders_of(2, 5)
    union = union_sliders([(), narrow, ours, theirs])
    assert [slider.label for slider in union] == [
        "PC1 (model 4)",
        "PC2 (model 1)",
        "PC3 (model 1)",
        "PC4 (model 2)",
        "PC5 (model 2)",
    ]
    first = union[0]
    assert (first.min_step, first.max_step) == (-5, 10)
    assert (first.safe_min_step, first.safe_max_step) == (-8, 3)
    assert (first.warning_min_step, first.warning_max_step) == (-9, 4)
    assert union_sliders([ours, ours]) == ours
    assert union_sliders([(), ()]) == union_sliders([]) == ()


@given(sounds_of, shares)
def test_an_average_with_itself_is_itself(sound: Any, share: float) -> None:
    mean = average([sound, sound], [1.0 - share, share])
    assert mean.dtype == np.float32
    np.testing.assert_allclose(mean, sound, rtol=1e-7, atol=0.0)


@given(sounds_of, sounds_of, shares)
def test_an_average_is_linear(a: Any, b: Any, share: float) -> None:
    mean = average([a, b], [1.0 - share, share])
    np.testing.assert_allclose(mean, (1.0 - share) * a + share * b, rtol=0.0, atol=1e-6)
