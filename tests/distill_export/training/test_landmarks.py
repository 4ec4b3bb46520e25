"""Landmarks: seconds that stand for the recordings, how far they reach, and whose seeds come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.model.file import load_model
from distill_export.training.landmarks import (
    even_potentials,
    landmarks_of_folder,
    representatives,
    width_factor,
)
from distill_export.training.sliders.renewal import renew_sliders
from distill_runtime.contract import Landmarks
from distill_runtime.errors import ModelFileError, RecordingError
from distill_runtime.latents.nearness import Pull
from tests.distill_export import model_files

DIM = 16


def encoded(count: int, seed: int = 0, dim: int = DIM) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dim))


def landmarks_of(vectors: np.ndarray, counts: np.ndarray, deviations: np.ndarray) -> Landmarks:
    """As they are chosen of a model, without one."""
    widths = deviations * width_factor(vectors, counts, deviations)
    drawn = np.random.default_rng(5).standard_normal((2000, len(widths)))
    squares = (((drawn[:, None] - vectors) / widths) ** 2).sum(axis=-1)
    potentials = even_potentials(-squares / 2, counts)
    return Landmarks(tuple(map(tuple, vectors)), tuple(potentials), tuple(widths), 1.0)


@settings(max_examples=25)
@given(st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_every_landmark_has_its_share_of_seeds(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    exponents = -random.uniform(0.0, 20.0, (300, count))
    counts = random.integers(1, 9, count).astype(float)
    moved = exponents + even_potentials(exponents, counts)
    shares = np.exp(moved) / np.exp(moved).sum(axis=1, keepdims=True)
    assert np.allclose(shares.mean(axis=0), counts / counts.sum(), rtol=0.02)


def test_seeds_that_are_pulled_are_spread_as_the_recordings_are() -> None:
    """Also where some lie far out, which no seed would find by itself."""
    vectors = encoded(24) * np.where(np.arange(24) < 8, 2.0, 0.7)[:, None]
    known = landmarks_of(vectors, np.ones(24), np.full(DIM, 0.4))
    seeds = np.random.default_rng(9).standard_normal((1000, DIM)).astype(np.float32)
    pulled = Pull(known)(seeds, 1.0)
    nearest = ((pulled[:, None] - vectors) ** 2).sum(axis=-1).argmin(axis=1)
    far_out = (nearest < 8).mean()
    assert 0.25 < far_out < 0.42  # a third of them
    assert len(set(nearest.tolist())) == 24
    assert np.abs(pulled.mean(axis=0) - vectors.mean(axis=0)).max() < 0.1
    without = Landmarks(known.vectors, (0.0,) * 24, known.widths, 1.0)
    plain = Pull(without)(seeds, 1.0)
    assert (((plain[:, None] - vectors) ** 2).sum(axis=-1).argmin(axis=1) < 8).mean() < 0.1


@pytest.mark.parametrize("count", [3, 12, 60])
def test_widths_are_such_that_a_few_landmarks_are_felt_at_once(count: int) -> None:
    vectors, deviations = encoded(count), np.linspace(0.2, 0.9, DIM)
    known = landmarks_of(vectors, np.ones(count), deviations)
    seeds = np.random.default_rng(9).standard_normal((1000, DIM))
    squares = (((seeds[:, None] - vectors) / np.array(known.widths)) ** 2).sum(axis=-1)
    exponents = np.array(known.potentials) - squares / 2
    shares = np.exp(exponents - exponents.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    number = np.exp(-(shares * np.log(np.maximum(shares, 1e-300))).sum(axis=1))
    assert np.median(number) == pytest.approx(min(4.0, count / 2), rel=0.15)
    assert np.allclose(np.array(known.widths) / deviations, known.widths[0] / deviations[0])


def test_few_vectors_stand_for_themselves() -> None:
    vectors = encoded(10)
    standing, counts = representatives(vectors, 10)
    assert np.array_equal(standing, vectors)
    assert counts.tolist() == [1.0] * 10


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_of_many_vectors_some_stand_for_all(most: int, seed: int) -> None:
    vectors = encoded(most + 30, seed, dim=3)
    standing, counts = representatives(vectors, most)
    assert len(standing) <= most
    assert counts.sum() == len(vectors)
    assert counts.min() >= 1
    members = {tuple(vector) for vector in vectors.tolist()}
    assert all(tuple(vector) in members for vector in standing.tolist())


def test_groups_are_found() -> None:
    middles = np.eye(6) * 10
    vectors = np.concatenate([m + encoded(20, i, dim=6) * 0.1 for i, m in enumerate(middles)])
    standing, counts = representatives(vectors, 6)
    assert counts.tolist() == [20.0] * 6
    assert sorted(standing.argmax(axis=1).tolist()) == list(range(6))


def test_the_same_second_many_times_is_one_landmark() -> None:
    standing, counts = representatives(np.ones((300, DIM)), 256)
    assert len(standing) == 1
    assert counts.tolist() == [300.0]


# From a folder.


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return model_files.write(model_files.model_content(), tmp_path / "tones.distill")


def test_a_folder_gives_a_models_landmarks(model: Path, recordings: Path) -> None:
    said: list[str] = []
    found, levels = landmarks_of_folder(model, recordings, default=0.5, say=said.append)
    assert found.default == 0.5
    assert len(levels.mean) == len(levels.deviation) == 128
    assert len(found.widths) == load_model(model).model.latent_dim
    assert any("seconds of them lie" in line for line in said)
    assert (found, levels) == landmarks_of_folder(model, recordings, default=0.5)


def test_a_model_without_encoder_says_so_before_anything_is_read(
    model: Path, tmp_path: Path
) -> None:
    content = model_files.model_content()
    state = content["model_state_dict"]
    content["model_state_dict"] = {k: v for k, v in state.items() if not k.startswith("encoder.")}
    bare = model_files.write(content, tmp_path / "bare.distill")
    with pytest.raises(ModelFileError, match="no encoder"):
        landmarks_of_folder(bare, tmp_path / "nowhere")
    with pytest.raises(RecordingError):
        landmarks_of_folder(model, tmp_path / "nowhere")


def test_a_model_file_keeps_them_and_nothing_else_changes(
    model: Path, recordings: Path, tmp_path: Path
) -> None:
    before = load_model(model)
    assert before.landmarks is None
    renew_sliders(recordings, model, tmp_path / "near.distill")
    after = load_model(tmp_path / "near.distill")
    assert after.landmarks is not None
    assert before.levels is None
    assert after.levels is not None
    assert after.landmarks.default == 0.0  # what it plays by itself stays Distill's
    state, kept = before.model.state_dict(), after.model.state_dict()
    assert all(bool((state[name] == kept[name]).all()) for name in state)
