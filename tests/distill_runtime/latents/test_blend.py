"""Blending: its laws, on light stand-ins for artifacts."""

from __future__ import annotations

import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from distill_runtime.contract import Slider, SliderBank
from distill_runtime.errors import RequestError
from distill_runtime.latents.blend import (
    BlendEngine,
    normalized_weights,
    parse_blend,
    union_sliders,
)
from distill_runtime.latents.sliders import (
    latent_vector,
    random_positions,
    resolve_slider,
    slider_positions,
)

# Subnormal numbers are zero on a thread that onnxruntime has set to flush them.
weights_of = st.floats(0.0, 1e300, allow_subnormal=False)
shares = st.floats(0.0, 1.0, allow_subnormal=False)
weight_lists = st.lists(weights_of, min_size=1, max_size=4)
sounds_of = arrays(
    np.float32, (2, 50), elements=st.floats(-1.0, 1.0, width=32, allow_subnormal=False)
)


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


def make_artifact(seed: int, sliders: int | None = 3, latent_dim: int = 16, **ranges: int) -> Any:
    """Return what a blend looks at in an artifact; without sliders if they are None."""
    bank = None if sliders is None else make_bank(seed, sliders, latent_dim, **ranges)
    return SimpleNamespace(
        path=Path(f"model{seed}.onnx"),
        latent_dim=latent_dim,
        sliders=() if bank is None else bank.sliders,
        metadata=SimpleNamespace(model=SimpleNamespace(name=f"sea {seed}"), sliders=bank),
    )


A, B, BARE = make_artifact(1), make_artifact(2, sliders=5), make_artifact(3, sliders=None)


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("other.onnx:40", (Path("other.onnx"), 40.0)),
        ("a:b.onnx:0.5", (Path("a:b.onnx"), 0.5)),
        (r"C:\sea.onnx:40", (Path(r"C:\sea.onnx"), 40.0)),
        ("other.onnx: 0", (Path("other.onnx"), 0.0)),
    ],
)
def test_a_model_on_the_command_line(text: str, expected: tuple[Path, float]) -> None:
    assert parse_blend(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *(
            (text, f"the model to blend is {text!r}, expected FILE:WEIGHT, as in other.onnx:40")
            for text in ("", "other.onnx", r"C:\sea.onnx", "sea.onnx:", ":40", "sea.onnx:4O", "40")
        ),
        ("other.onnx:-1", "the blend weight is -1, expected a finite number, 0 or more"),
        ("other.onnx:nan", "the blend weight is nan, expected"),
        ("other.onnx:1e999", "the blend weight is inf, expected"),
    ],
)
def test_what_is_no_model_to_blend(text: str, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)) as raised:
        parse_blend(text)
    assert "\n" not in str(raised.value)


# What can be blended.


def test_the_weights_are_kept_as_they_were_given() -> None:
    engine = BlendEngine([A, B], [50, 40])
    assert engine.given_weights == (50.0, 40.0)
    assert BlendEngine([A, B], engine.given_weights).weights == engine.weights


@pytest.mark.parametrize(
    ("artifacts", "weights", "mode", "message"),
    [
        ([], [], "latent", "there are 0 models to blend, expected 1 to 4"),
        ([A] * 5, [1] * 5, "audio", "there are 5 models to blend, expected 1 to 4"),
        ([A, B], [1], "latent", "there are 1 weights for 2 models, expected one each"),
        ([A, B], [1, -1], "latent", "the blend weight is -1"),
        ([A, B], [1, 1], "video", "the blend mode is 'video', expected latent or audio"),
        (
            [A, B, make_artifact(9, latent_dim=64)],
            [1, 1, 1],
            "latent",
            "model1.onnx (model 'sea 1', latent vectors of 16 values) and model9.onnx "
            "(model 'sea 9', latent vectors of 64 values) cannot be averaged: blend them in audio",
        ),
    ],
)
def test_what_cannot_be_blended(artifacts: Any, weights: Any, mode: str, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)) as raised:
        BlendEngine(artifacts, weights, mode)
    assert "\n" not in str(raised.value)


def test_models_of_any_size_are_blended_as_audio() -> None:
    engine = BlendEngine([A, make_artifact(9, latent_dim=64)], [1, 1], "audio")
    assert [len(vector) for vector in engine.latent_vectors()] == [16, 64]
    with pytest.raises(RequestError, match="the blend mode is 'audio', in which every model plays"):
        engine.latent_vector()


# Sliders.


def test_the_union_of_sliders() -> None:
    narrow = make_bank(4, 1, 16, min_step=-5, safe_max_step=3, warning_max_step=4).sliders
    union = union_sliders([(), narrow, A.sliders, B.sliders])
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
    assert union_sliders([A.sliders, A.sliders]) == A.sliders
    assert union_sliders([(), ()]) == union_sliders([]) == ()


def test_the_union_is_played_like_the_sliders_of_one_model() -> None:
    engine = BlendEngine([A, B], [1, 1])
    assert resolve_slider(engine.sliders, "PC5") == 4
    assert slider_positions(engine.sliders, [("PC4", 9)], base=[1]).positions == (1, 0, 0, 9, 0)
    assert random_positions(engine.sliders, 3) == random_positions(B.sliders, 3)


def test_a_position_moves_every_model_that_has_the_slider() -> None:
    engine = BlendEngine([A, B, BARE], [1, 1, 1])
    ours, theirs, bare = engine.latent_vectors([1, 2, 3, 4, 5])
    np.testing.assert_array_equal(ours, latent_vector(A.metadata.sliders, [1, 2, 3]))
    np.testing.assert_array_equal(theirs, latent_vector(B.metadata.sliders, [1, 2, 3, 4, 5]))
    np.testing.assert_array_equal(bare, np.zeros(16))


@pytest.mark.parametrize("positions", [[1], [0] * 6, [0, 0, 0, 0, 11], [0, 0, 0, 0, 0.5]])
def test_positions_that_are_not_the_unions(positions: Any) -> None:
    with pytest.raises(RequestError):
        BlendEngine([A, B], [1, 1]).latent_vector(positions)


# Latent vectors.


@given(weights_of, weights_of, st.tuples(*[st.integers(-10, 10)] * 3))
def test_a_model_blended_with_itself_is_itself(
    first: float, second: float, positions: tuple[int, ...]
) -> None:
    blended = BlendEngine([A, A], [first, second]).latent_vector(positions)
    assert blended.dtype == np.float32
    np.testing.assert_array_equal(blended, latent_vector(A.metadata.sliders, positions))


@given(shares, st.tuples(*[st.integers(-10, 10)] * 5))
def test_the_vector_goes_straight_from_one_model_to_the_other(
    share: float, positions: tuple[int, ...]
) -> None:
    engine = BlendEngine([A, B], [1.0 - share, share])
    start, end = (vector.astype(np.float64) for vector in engine.latent_vectors(positions))
    expected = (1.0 - share) * start + share * end
    np.testing.assert_allclose(engine.latent_vector(positions), expected, rtol=1e-6, atol=1e-6)


def test_without_positions_it_is_the_average_of_the_means() -> None:
    expected = 0.75 * np.array(A.metadata.sliders.mean) + 0.25 * np.array(B.metadata.sliders.mean)
    vector = BlendEngine([A, B], [3, 1]).latent_vector()
    np.testing.assert_allclose(vector, expected, rtol=0.0, atol=1e-6)
    half = BlendEngine([A, BARE], [1, 1]).latent_vector()
    np.testing.assert_allclose(half, np.array(A.metadata.sliders.mean) / 2, rtol=0.0, atol=1e-6)


def test_models_without_sliders_stand_at_zero() -> None:
    engine = BlendEngine([BARE, BARE], [1, 2])
    np.testing.assert_array_equal(engine.latent_vector(), np.zeros(16))
    with pytest.raises(RequestError, match="this model has no sliders"):
        engine.latent_vector([1])


# Sounds.


@given(sounds_of, weights_of, weights_of)
def test_a_sound_mixed_with_itself_is_itself(sound: Any, first: float, second: float) -> None:
    mixed = BlendEngine([A, B], [first, second], "audio").mix([sound, sound])
    assert mixed.dtype == np.float32
    np.testing.assert_allclose(mixed, sound, rtol=1e-7, atol=0.0)


@given(sounds_of, sounds_of, shares)
def test_mixing_is_linear(a: Any, b: Any, share: float) -> None:
    mixed = BlendEngine([A, B], [1.0 - share, share], "audio").mix([a, b])
    np.testing.assert_allclose(mixed, (1.0 - share) * a + share * b, rtol=0.0, atol=1e-6)


@given(sounds_of, sounds_of, st.integers(1, 49))
def test_blocks_mix_to_the_same_as_the_whole(a: Any, b: Any, cut: int) -> None:
    engine = BlendEngine([A, B], [0.3, 0.7], "audio")
    whole = engine.mix([a, b])
    blocks = [engine.mix([a[:, :cut], b[:, :cut]]), engine.mix([a[:, cut:], b[:, cut:]])]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole)


def test_shorter_sounds_end_in_silence() -> None:
    engine = BlendEngine([A, B, BARE], [1, 1, 2], "audio")
    mixed = engine.mix([np.full((1, 4), 1.0), np.full((1, 2), 1.0), np.zeros((1, 0))])
    np.testing.assert_array_equal(mixed, [[0.5, 0.5, 0.25, 0.25]])


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(1, 4)], "there are 1 sounds to mix, expected one for each of the 2 models"),
        ([(1, 4), (2, 4)], "the shapes (1, 4), (2, 4), expected [channels, samples]"),
        ([(4,), (4,)], "the shapes (4,), (4,), expected [channels, samples]"),
    ],
)
def test_what_cannot_be_mixed(shapes: Any, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        BlendEngine([A, B], [1, 1], "audio").mix([np.zeros(shape) for shape in shapes])
