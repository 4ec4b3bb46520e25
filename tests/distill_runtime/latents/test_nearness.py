"""The pull towards landmarks: what it does to a latent vector, as laws."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.contract import MAX_LANDMARKS, Landmarks
from distill_runtime.errors import ArtifactError, RequestError
from distill_runtime.files.json_fields import JsonFields
from distill_runtime.latents.nearness import Pull, check_nearness

DIM = 16


def landmarks(count: int = 5, *, width: float = 1.0, seed: int = 0) -> Landmarks:
    vectors = np.random.default_rng(seed).standard_normal((count, DIM)).round(4)
    potentials = tuple(np.random.default_rng(seed + 1).uniform(-2.0, 0.0, count).round(3).tolist())
    return Landmarks(tuple(map(tuple, vectors.tolist())), potentials, (width,) * DIM, 0.5)


def draws(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, DIM)).astype(np.float32)


def denoised(known: Landmarks, z: np.ndarray) -> np.ndarray:
    """What the formula says, value by value, in Python's own floats."""
    exponents = [
        b
        - sum(((x - m) / w) ** 2 for x, m, w in zip(z.tolist(), vector, known.widths, strict=True))
        / 2
        for vector, b in zip(known.vectors, known.potentials, strict=True)
    ]
    shares = [math.exp(e - max(exponents)) for e in exponents]
    total = math.fsum(shares)
    return np.array(
        [
            math.fsum(s * vector[i] for s, vector in zip(shares, known.vectors, strict=True))
            / total
            for i in range(len(z))
        ]
    )


@given(st.integers(1, 40), st.floats(0.05, 20.0), st.integers(0, 2**32 - 1))
def test_it_is_the_mean_of_the_mixture_given_the_vector(
    count: int, width: float, seed: int
) -> None:
    known = landmarks(count, width=width, seed=seed)
    z = draws(1, seed)[0]
    assert np.abs(Pull(known)(z, 1.0) - denoised(known, z)).max() < 1e-6


@given(st.floats(0.0, 1.0), st.integers(0, 2**32 - 1))
def test_it_moves_in_proportion_to_nearness(amount: float, seed: int) -> None:
    pull, z = Pull(landmarks()), draws(3, seed)
    whole = pull(z, 1.0).astype(np.float64) - z
    assert np.allclose(pull(z, amount), z + amount * whole, atol=1e-6)


def test_nothing_asked_is_nothing_done() -> None:
    z = draws(4)
    assert Pull(landmarks())(z, 0.0) is z


def test_what_is_pulled_lies_between_the_landmarks() -> None:
    known = landmarks(8)
    pulled = Pull(known)(draws(50), 1.0)
    vectors = np.array(known.vectors)
    assert (pulled <= vectors.max(axis=0) + 1e-6).all()
    assert (pulled >= vectors.min(axis=0) - 1e-6).all()


def test_narrow_landmarks_catch_a_vector_and_wide_ones_share_it() -> None:
    z = draws(20)
    narrow, wide = landmarks(8, width=0.05), landmarks(8, width=1e4)
    vectors = np.array(narrow.vectors)
    nearest = vectors[((z[:, None] - vectors) ** 2).sum(axis=-1).argmin(axis=1)]
    assert np.allclose(Pull(narrow)(z, 1.0), nearest, atol=1e-3)
    shares = np.exp(wide.potentials) / np.exp(wide.potentials).sum()
    assert np.allclose(Pull(wide)(z, 1.0), shares @ vectors, atol=1e-3)


def test_it_is_smooth_along_a_path() -> None:
    """A path of small steps stays one: no jump from landmark to landmark."""
    start, end = draws(2).astype(np.float64)
    shares = np.linspace(0.0, 1.0, 2001)[:, None]
    path = ((1 - shares) * start + shares * end).astype(np.float32)
    pulled = Pull(landmarks(8, width=0.5))(path, 1.0)
    steps = np.linalg.norm(np.diff(pulled, axis=0), axis=1)
    length = np.linalg.norm(np.diff(path, axis=0), axis=1).max()
    # The slope of a posterior mean is its covariance over the width's square.
    vectors = np.array(landmarks(8).vectors)
    widest = ((vectors[:, None] - vectors) ** 2).sum(axis=-1).max()
    assert steps.max() <= length * widest / 4 / 0.5**2


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.floats(0.01, 1.0))
def test_blocks_of_any_size_are_pulled_alike(sizes: list[int], amount: float) -> None:
    z, pull = draws(sum(sizes)), Pull(landmarks(33))
    parts = np.split(z, np.cumsum(sizes)[:-1])
    in_parts = np.concatenate([pull(part, amount) for part in parts])
    assert np.array_equal(in_parts, pull(z, amount))
    assert np.array_equal(pull(z[None], amount)[0], in_parts)


@pytest.mark.parametrize("largest", [1e-30, 1e30, 3e38])
def test_no_vector_leads_beyond_float32(largest: float) -> None:
    z = (draws(3) / np.abs(draws(3)).max() * largest).astype(np.float32)
    for width in (1e-6, 1.0, 3e38):
        assert np.isfinite(Pull(landmarks(4, width=width))(z, 1.0)).all()


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan, math.inf, "0.5", None, True])
def test_what_is_no_nearness_is_refused(value: object) -> None:
    with pytest.raises(RequestError, match=r"nearness is .*, expected a number from 0 to 1"):
        check_nearness(value)


# The document.


def read(document: object, latent_dim: int = DIM) -> Landmarks:
    fields = JsonFields(document, "landmarks", document="its metadata", error=ArtifactError)
    return Landmarks.from_fields(fields, latent_dim)


def test_a_document_comes_back_as_it_was() -> None:
    known = landmarks()
    assert read(json.loads(json.dumps(known.document()))) == known


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"count": 0}, "a whole number from 1"),
        ({"count": 4}, "a list of 64 numbers"),
        ({"count": MAX_LANDMARKS + 1}, "a whole number from 1"),
        ({"vectors": [1e39] * 5 * DIM}, "beyond float32"),
        ({"vectors": "x"}, "a list of finite numbers"),
        ({"potentials": [1e10] * 5}, "not 5 numbers within 1e+09"),
        ({"potentials": [0.0] * 4}, "a list of 5 numbers"),
        ({"widths": [0.0] * DIM}, "the width 0.0"),
        ({"widths": [1.0] * (DIM + 1)}, "a list of 16 numbers"),
        ({"default": 1.5}, "the default nearness is 1.5"),
        ({"default": None}, "a finite number"),
    ],
)
def test_a_spoilt_document_is_refused_in_a_line(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ArtifactError) as refused:
        read({**landmarks().document(), **changes})
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_landmarks_are_of_one_size_and_not_too_many() -> None:
    with pytest.raises(ArtifactError, match="another size"):
        Landmarks(((0.0,) * 15,), (0.0,), (1.0,) * 16, 0.0)
    with pytest.raises(ArtifactError, match="values at most"):
        Landmarks(((0.0,) * 4096,) * 65, (0.0,) * 65, (1.0,) * 4096, 0.0)
    with pytest.raises(ArtifactError, match="0 landmarks"):
        Landmarks((), (), (1.0,) * 16, 0.0)
