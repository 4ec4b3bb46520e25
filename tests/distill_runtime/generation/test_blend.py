"""Blends: who takes part, who plays, and where the path of a request starts."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.contract import Control
from distill_runtime.errors import RequestError
from distill_runtime.generation.blend import Blend
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.latents.sliders import (
    latent_vector,
    random_positions,
    resolve_slider,
    slider_positions,
)
from tests.distill_runtime.slider_banks import make_bank

weights_of = st.floats(0.0, 1e300, allow_subnormal=False)
# A model of weight 0 takes no part, and lends no sliders.
shares = st.floats(0.0, 1.0, exclude_min=True, exclude_max=True, allow_subnormal=False)
fractions = st.floats(-10.0, 10.0, allow_subnormal=False)


def make_artifact(
    seed: int,
    sliders: int | None = 3,
    latent_dim: int = 16,
    controls: tuple[Control, ...] = (),
    **ranges: int,
) -> Any:
    """Return what a blend looks at in an artifact; without sliders if they are None."""
    bank = None if sliders is None else make_bank(seed, sliders, latent_dim, **ranges)

    def check_latent_vector(vector: np.ndarray) -> np.ndarray:
        if len(vector) != latent_dim:
            raise RequestError(f"the latent vector has {len(vector)} values")
        return vector

    return SimpleNamespace(
        path=Path(f"model{seed}.onnx"),
        latent_dim=latent_dim,
        check_latent_vector=check_latent_vector,
        sliders=() if bank is None else bank.sliders,
        controls=controls,
        landmarks=None,
        metadata=SimpleNamespace(model=SimpleNamespace(name=f"sea {seed}"), sliders=bank),
    )


A, B, BARE = make_artifact(1), make_artifact(2, sliders=5), make_artifact(3, sliders=None)
SMALL = make_artifact(9, latent_dim=64)


def starts(blend: Blend, positions: Any = None) -> tuple[np.ndarray | None, ...]:
    return blend.start_vectors(GenerationConfig(seed=1, sliders=positions))


# Who takes part.


def test_the_weights_are_kept_as_they_were_given() -> None:
    blend = Blend([A, B], [50, 40])
    assert blend.weights == (50.0, 40.0)
    assert blend.shares == pytest.approx((50 / 90, 40 / 90))
    assert Blend([A, B], blend.weights).shares == blend.shares
    assert Blend([A, B]).shares == Blend([A, B], [0, 0]).shares == (0.5, 0.5)


def test_one_artifact_is_a_blend_of_one() -> None:
    blend = Blend.of(A)
    assert (blend.artifacts, blend.renderers, blend.shares) == ((A,), (A,), (1.0,))
    assert blend.is_single
    assert not blend.mixes_sounds
    assert blend.sliders == A.sliders
    assert Blend.of(blend) is blend
    assert starts(blend) == (None,)


@pytest.mark.parametrize("mode", ["latent", "audio"])
def test_a_model_of_weight_0_takes_no_part(mode: str) -> None:
    blend = Blend([SMALL, B, A], [0, 40, 0], mode)
    assert blend.artifacts == (SMALL, B, A)
    assert blend.renderers == blend.parts == (B,)
    assert blend.sliders == B.sliders
    (start,) = starts(blend)
    assert start is not None
    np.testing.assert_array_equal(start, np.array(B.metadata.sliders.mean, np.float32))


@pytest.mark.parametrize(
    ("artifacts", "weights", "mode", "message"),
    [
        ([], [], "latent", "there are 0 models to blend, expected 1 to 4"),
        ([A] * 5, [1] * 5, "audio", "there are 5 models to blend, expected 1 to 4"),
        ([A, B], [1], "latent", "there are 1 weights for 2 models, expected one each"),
        ([A, B], [1, -1], "latent", "the blend weight is -1"),
        ([A, B], [1, 1], "video", "the blend mode is 'video', expected latent or audio"),
        (
            [A, B, SMALL],
            [1, 1, 1],
            "latent",
            "model1.onnx (model 'sea 1', latent vectors of 16 values) and model9.onnx "
            "(model 'sea 9', latent vectors of 64 values) cannot be averaged: blend them in audio",
        ),
    ],
)
def test_what_cannot_be_blended(artifacts: Any, weights: Any, mode: str, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)) as raised:
        Blend(artifacts, weights, mode)
    assert "\n" not in str(raised.value)


def test_models_of_any_size_are_blended_as_audio() -> None:
    blend = Blend([A, SMALL], [1, 1], "audio")
    assert blend.renderers == (A, SMALL)
    assert [len(start) for start in starts(blend) if start is not None] == [16, 64]


# Where a path starts.


def test_the_union_is_played_like_the_sliders_of_one_model() -> None:
    blend = Blend([A, B], [1, 1])
    assert resolve_slider(blend.sliders, "PC5") == 4
    assert slider_positions(blend.sliders, [("PC4", 9)], base=[1]).positions == (1, 0, 0, 9, 0)
    assert random_positions(blend.sliders, 3) == random_positions(B.sliders, 3)


def test_a_position_moves_every_model_that_has_the_slider() -> None:
    ours, theirs, bare = starts(Blend([A, B, BARE], [1, 1, 1], "audio"), [1, 2, 3, 4.5, 5])
    np.testing.assert_array_equal(ours, latent_vector(A.metadata.sliders, [1, 2, 3]))
    np.testing.assert_array_equal(theirs, latent_vector(B.metadata.sliders, [1, 2, 3, 4.5, 5]))
    np.testing.assert_array_equal(bare, np.zeros(16))


@pytest.mark.parametrize("mode", ["latent", "audio"])
def test_without_positions_every_slider_stands_at_0(mode: str) -> None:
    blend = Blend([A, B], [3, 1], mode)
    for found, expected in zip(starts(blend), starts(blend, [0] * 5), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("positions", [[1], [0] * 6, [0, 0, 0, 0, 11], [0, 0, 0, 0, 10.5]])
def test_positions_that_are_not_the_unions(positions: Any) -> None:
    with pytest.raises(RequestError):
        starts(Blend([A, B], [1, 1]), positions)


@given(weights_of, weights_of, st.tuples(*[fractions] * 3))
def test_a_model_blended_with_itself_is_itself(
    first: float, second: float, positions: tuple[float, ...]
) -> None:
    (blended,) = starts(Blend([A, A], [first, second]), positions)
    assert blended is not None
    assert blended.dtype == np.float32
    np.testing.assert_array_equal(blended, latent_vector(A.metadata.sliders, positions))


@given(shares, st.tuples(*[fractions] * 5))
def test_the_vector_goes_straight_from_one_model_to_the_other(
    share: float, positions: tuple[float, ...]
) -> None:
    weights = [1.0 - share, share]
    (blended,) = starts(Blend([A, B], weights), positions)
    ours = latent_vector(A.metadata.sliders, positions[:3]).astype(np.float64)
    theirs = latent_vector(B.metadata.sliders, positions).astype(np.float64)
    expected = (1.0 - share) * ours + share * theirs
    np.testing.assert_allclose(blended, expected, rtol=1e-6, atol=1e-6)


def test_models_without_sliders_stand_at_zero() -> None:
    blend = Blend([BARE, BARE], [1, 2])
    np.testing.assert_array_equal(starts(blend), np.zeros((1, 16)))
    with pytest.raises(RequestError, match="this model has no sliders"):
        starts(blend, [1])


def test_a_latent_vector_starts_every_player() -> None:
    config = GenerationConfig(seed=1, latent_vector=tuple(range(16)))
    for blend in (Blend.of(A), Blend([A, B]), Blend([A, B], mode="audio")):
        found = blend.start_vectors(config)
        assert len(found) == len(blend.renderers)
        np.testing.assert_array_equal(found, [np.arange(16)] * len(found))
    with pytest.raises(RequestError, match="has 16 values"):
        Blend([A, SMALL], mode="audio").start_vectors(config)


# Sounds.


@given(shares)
def test_blocks_mix_to_the_same_as_the_whole(share: float) -> None:
    a, b = np.random.default_rng(1).standard_normal((2, 2, 50)).astype(np.float32)
    blend = Blend([A, A], [1.0 - share, share], "audio")
    whole = blend.mix([a, b])
    np.testing.assert_allclose(whole, (1.0 - share) * a + share * b, rtol=0.0, atol=1e-5)
    blocks = [blend.mix([a[:, :17], b[:, :17]]), blend.mix([a[:, 17:], b[:, 17:]])]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole)
