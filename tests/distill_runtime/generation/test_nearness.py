"""Nearness in requests: paths are pulled, kept and made again; without landmarks nothing is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime import (
    Artifact,
    Blend,
    GenerationConfig,
    GenerationPipeline,
    LiveStream,
    Preset,
    Recipe,
    Reproduction,
    RequestError,
    StereoSettings,
)
from distill_runtime.contract import Landmarks
from distill_runtime.generation.live.path import Path as LivePath
from distill_runtime.generation.live.place import Place
from distill_runtime.latents.controls import control_shift
from distill_runtime.latents.nearness import Pull
from tests.distill_runtime.small_artifacts import (
    LATENT_DIM,
    METADATA,
    load,
    save,
    seal,
    small_model,
)

VECTORS = np.random.default_rng(3).standard_normal((6, LATENT_DIM)).round(3)
LANDMARKS = Landmarks(
    tuple(map(tuple, VECTORS.tolist())), (0.0, -1.0) * 3, (0.75,) * LATENT_DIM, 0.25
)


def artifact(folder: Path, landmarks: Landmarks | None, name: str = "rain") -> Artifact:
    metadata = replace(METADATA, landmarks=landmarks)
    return load(save(seal(small_model(), metadata), folder / f"{name}.onnx"))


@pytest.fixture
def near(tmp_path: Path) -> Artifact:
    return artifact(tmp_path, LANDMARKS, "near")


@pytest.fixture
def far(tmp_path: Path) -> Artifact:
    return artifact(tmp_path, None, "far")


def request(seed: int = 7, duration_s: float = 3.0, **settings: Any) -> GenerationConfig:
    return GenerationConfig(seed=seed, duration_s=duration_s, **settings)


PATHS: list[dict[str, Any]] = [
    {},
    {"sliders": [3]},
    {"latent_vector": (0.5,) * LATENT_DIM, "evolution": 0.3},
    {"stereo": StereoSettings("dual-seed")},
    {"duration_s": 0.5},
    {"loop": True},
]


@pytest.mark.parametrize("settings", PATHS)
def test_the_whole_path_is_pulled_and_controls_move_it_from_there(
    near: Artifact, settings: dict[str, Any]
) -> None:
    pipeline = GenerationPipeline(near)
    still = pipeline.trajectory(request(**settings, nearness=0.0))
    pulled = pipeline.trajectory(request(**settings, nearness=0.7))
    assert np.array_equal(pulled, Pull(LANDMARKS)(still, 0.7))
    moved = pipeline.trajectory(request(**settings, nearness=0.7, controls={"Brightness": 2}))
    assert np.array_equal(moved, pulled + control_shift(near.controls, {"Brightness": 2}))


@pytest.mark.parametrize("settings", PATHS)
def test_at_0_it_is_the_path_of_an_artifact_without_landmarks(
    near: Artifact, far: Artifact, settings: dict[str, Any]
) -> None:
    here, there = GenerationPipeline(near), GenerationPipeline(far)
    expected = there.trajectory(request(**settings))
    assert np.array_equal(here.trajectory(request(**settings, nearness=0)), expected)
    assert np.array_equal(there.trajectory(request(**settings, nearness=0)), expected)


def test_the_models_own_nearness_is_the_default_and_is_named(near: Artifact, far: Artifact) -> None:
    here = GenerationPipeline(near)
    assert here.prepare(request()).nearness == 0.25
    by_default, asked = here.trajectory(request()), here.trajectory(request(nearness=0.25))
    assert np.array_equal(by_default, asked)
    assert GenerationPipeline(far).prepare(request()).nearness is None


def test_an_artifact_that_does_not_know_says_what_to_do(far: Artifact) -> None:
    with pytest.raises(RequestError, match=r"far.*nearness needs: .* --recordings FOLDER"):
        GenerationPipeline(far).generate(request(nearness=0.5))
    with pytest.raises(RequestError, match="--recordings FOLDER"):
        LiveStream(far, realtime=False, nearness=0.5)


@pytest.mark.parametrize("mode", ["latent", "audio"])
def test_in_a_blend_whoever_renders_is_pulled_to_its_own(
    near: Artifact, far: Artifact, tmp_path: Path, mode: str
) -> None:
    other = Landmarks(tuple(map(tuple, (-VECTORS).tolist())), (0.0,) * 6, (0.5,) * LATENT_DIM, 1.0)
    others = artifact(tmp_path, other, "others")
    blend = Blend([near, others], mode=mode)
    assert [pull is not None for pull in blend.pulls] == [True] * len(blend.renderers)
    assert blend.nearness(None) == 0.25
    mixed = Blend([far, near], mode=mode)
    if mode == "audio":
        assert mixed.nearness(None) == 0.25
        assert mixed.pulls[0] is None
    else:
        with pytest.raises(RequestError, match="far"):
            mixed.nearness(0.5)


def test_a_recipe_says_it_and_makes_it_again(near: Artifact) -> None:
    result = GenerationPipeline(near).generate(request(nearness=0.6))
    document = json.loads(result.recipe.to_json())
    assert document["nearness"] == 0.6
    recipe = Recipe.from_json(json.dumps(document), document="it")
    again = Reproduction.of(recipe, [near.path], trust=True)
    assert np.array_equal(again.generate().audio, result.audio)
    del document["nearness"]  # of a program of before, and of an artifact without landmarks
    assert Recipe.from_json(json.dumps(document), document="it").config.nearness is None


@pytest.mark.parametrize("value", [1.5, "near", None])
def test_a_recipe_with_another_is_refused(near: Artifact, value: object) -> None:
    document = json.loads(GenerationPipeline(near).generate(request()).recipe.to_json())
    with pytest.raises(RequestError, match="nearness"):
        Recipe.from_json(json.dumps({**document, "nearness": value}), document="it")


def test_a_preset_keeps_it(near: Artifact, far: Artifact, tmp_path: Path) -> None:
    Preset.of(near, request(nearness=0.0)).save(tmp_path / "a.json")
    assert Preset.load(tmp_path / "a.json").config(near).nearness == 0.0
    assert Preset.of(near, request()).settings["nearness"] == 0.25
    assert "nearness" not in Preset.of(far, request()).settings


# Live.


@pytest.mark.parametrize("place", [Place(7), Place(7, sliders=(2,), drift=0.4)])
def test_every_live_step_is_pulled(near: Artifact, place: Place) -> None:
    path = LivePath(near, 2)
    for phase in (0, 1, 5):
        still = path.latents(place, phase)
        assert np.array_equal(
            path.latents(replace(place, nearness=0.7), phase), Pull(LANDMARKS)(still, 0.7)
        )


def test_live_nearness_is_moved_and_begins_as_the_model_has_it(
    near: Artifact, far: Artifact
) -> None:
    live = LiveStream(near, realtime=False)
    assert live.nearness == 0.25
    live.nearness = 1.0
    assert live.nearness == 1.0
    for wrong in (1.5, "x"):
        with pytest.raises(RequestError, match="expected a number from 0 to 1"):
            live.nearness = wrong  # type: ignore[assignment]
    assert live.nearness == 1.0
    without = LiveStream(far, realtime=False)
    assert without.nearness == 0.0
    with pytest.raises(RequestError, match="--recordings FOLDER"):
        without.nearness = 0.1
    assert without.nearness == 0.0


def test_places_tell_their_nearness_only_where_there_is_one() -> None:
    plain, pulled = Place(7), Place(7, nearness=0.5)
    assert "nearness" not in plain.changes_from(None)
    assert pulled.changes_from(plain) == {"nearness": 0.5}
    assert plain.changes_from(pulled) == {"nearness": 0.0}
    assert pulled.changes_from(pulled) == {}
