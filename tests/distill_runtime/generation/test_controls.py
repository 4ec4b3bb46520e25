"""Controls in requests: the same sound, but moved; heard as they say; kept and made again."""

from __future__ import annotations

import io
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
    GenerationResult,
    Recipe,
    Reproduction,
    RequestError,
    StereoSettings,
)
from distill_runtime.audio.level import TARGET_PEAK
from distill_runtime.latents.controls import control_shift
from tests.distill_runtime import small_artifacts
from tests.distill_runtime.small_artifacts import METADATA, save, seal, small_model

SEEDS = range(500, 506)


@pytest.fixture(scope="module")
def demo(demo_artifact: Path) -> GenerationPipeline:
    return GenerationPipeline(Artifact.load(demo_artifact))


@pytest.fixture
def small(tmp_path: Path) -> Artifact:
    return small_artifacts.load(save(seal(small_model()), tmp_path / "small.onnx"))


def request(seed: int = 7, duration_s: float = 2.0, **settings: Any) -> GenerationConfig:
    return GenerationConfig(seed=seed, duration_s=duration_s, **settings)


# Where the trajectory goes.


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"sliders": [3]},
        {"latent_vector": (0.5,) * 16, "evolution": 0.0},
        {"stereo": StereoSettings("dual-seed")},
        {"duration_s": 0.5},
    ],
)
def test_a_control_shifts_the_whole_trajectory(small: Artifact, settings: dict[str, Any]) -> None:
    pipeline = GenerationPipeline(small)
    still = pipeline.trajectory(request(**settings))
    moved = pipeline.trajectory(request(**settings, controls={"brightness": 2.5}))
    shift = control_shift(small.controls, {"Brightness": 2.5})
    assert np.array_equal(moved, still + shift)
    assert np.linalg.norm(shift) == pytest.approx(2.5 * 0.25)


@pytest.mark.parametrize("controls", [None, {}, {"Brightness": 0}, {"brightness": -0.0}])
def test_nothing_asked_is_nothing_done(small: Artifact, controls: Any) -> None:
    pipeline = GenerationPipeline(small)
    prepared = pipeline.prepare(request(controls=controls))
    assert prepared.controls is None or prepared.controls == {}
    assert prepared == pipeline.prepare(request())
    assert np.array_equal(
        pipeline.trajectory(request(controls=controls)), pipeline.trajectory(request())
    )
    result = pipeline.generate(request(controls=controls))
    assert result.recipe.to_json() == pipeline.generate(request()).recipe.to_json()


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ({"Warmth": 1}, "there is no control 'Warmth', expected one of Brightness"),
        ({"Brightness": "much"}, "is set to 'much'"),
        ([3], "expected a mapping from names to steps"),
    ],
)
def test_what_the_model_cannot_do_is_refused(small: Artifact, controls: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        GenerationPipeline(small).prepare(request(controls=controls))


def test_an_artifact_without_controls_says_so(tmp_path: Path) -> None:
    bare = seal(small_model(), replace(METADATA, controls=()))
    artifact = small_artifacts.load(save(bare, tmp_path / "bare.onnx"))
    with pytest.raises(RequestError, match="has none, export its model again"):
        GenerationPipeline(artifact).prepare(request(controls={"Brightness": 1}))


def test_in_a_blend_each_model_goes_its_own_way(small: Artifact, tmp_path: Path) -> None:
    other_way = replace(METADATA.controls[0], direction=(0.0,) * 15 + (1.0,))
    without = replace(METADATA, controls=())
    files = {"other": replace(METADATA, controls=(other_way,)), "bare": without}
    other, bare = (
        small_artifacts.load(save(seal(small_model(), metadata), tmp_path / f"{name}.onnx"))
        for name, metadata in files.items()
    )
    ways = [np.array(artifact.controls[0].direction) * 0.5 for artifact in (small, other)]
    config = request(controls={"Brightness": 2})
    (latent,) = Blend([small, other, bare], [2, 1, 1]).shifts(config)
    np.testing.assert_allclose(latent, ways[0] / 2 + ways[1] / 4, atol=1e-7)
    audio = Blend([small, other, bare], mode="audio").shifts(config)
    np.testing.assert_allclose(np.stack(audio), [*ways, np.zeros(16)], atol=1e-7)
    assert Blend([small, other]).shifts(request()) == (None,)
    with pytest.raises(RequestError, match="no control"):
        Blend([bare, bare]).shifts(config)


# What is heard.


def centroid_hz(result: GenerationResult) -> float:
    """Return the spectral centroid, mean over frames."""
    samples = result.audio[0].astype(np.float64)
    frames = np.lib.stride_tricks.sliding_window_view(samples, 2048)[::1024] * np.hanning(2048)
    magnitude = np.abs(np.fft.rfft(frames))
    return float((magnitude @ np.fft.rfftfreq(2048, 1 / 48_000) / magnitude.sum(axis=1)).mean())


def rms(result: GenerationResult) -> float:
    return float(np.sqrt(np.mean(np.square(result.audio.astype(np.float64)))))


def test_the_same_seed_but_brighter(demo: GenerationPipeline) -> None:
    """Seeds that the search never saw, on their walks between random anchors."""
    dark, still, bright = (
        np.array(
            [
                centroid_hz(demo.generate(request(seed, 1.5, controls={"Brightness": steps})))
                for seed in SEEDS
            ]
        )
        for steps in (-8, 0, 8)
    )
    assert (bright > dark).all()
    assert np.mean(np.log2(bright / still)) > 0.1
    assert np.mean(np.log2(still / dark)) > 0.1


def test_loudness_is_heard_against_the_unmoved_sound(demo: GenerationPipeline) -> None:
    still = demo.generate(request())
    soft = demo.generate(request(controls={"Loudness": -6}))
    loud = demo.generate(request(controls={"Loudness": 6}))
    assert still.gain == soft.gain == loud.gain
    assert rms(soft) < 0.8 * rms(still)
    assert rms(loud) > 1.25 * rms(still)
    assert soft.limited_db == still.limited_db == 0.0
    assert np.abs(still.audio).max() == pytest.approx(TARGET_PEAK, abs=1e-6)


def test_what_goes_beyond_full_scale_is_limited_softly_and_told(demo: GenerationPipeline) -> None:
    loud = demo.generate(request(controls={"Loudness": 10}))
    assert loud.limited_db > 0
    peak = float(np.abs(loud.audio).max())
    assert TARGET_PEAK < peak < 1.0
    assert not loud.levels.clips
    assert loud.levels.peak_dbfs == pytest.approx(20 * np.log10(peak), abs=1e-3)
    assert loud.levels.rms_dbfs == pytest.approx(20 * np.log10(rms(loud)), abs=1e-3)


def test_other_controls_leave_the_level_of_a_finished_sound(demo: GenerationPipeline) -> None:
    result = demo.generate(request(controls={"Brightness": 4, "Noise": -2}))
    assert np.abs(result.audio).max() == pytest.approx(TARGET_PEAK, abs=1e-6)
    louder = demo.generate(request(controls={"Brightness": 4, "Noise": -2, "Loudness": 3}))
    assert louder.gain == result.gain


def test_many_at_once_are_what_each_is_alone(demo: GenerationPipeline) -> None:
    configs = [
        request(1, 1.5, controls={"Loudness": 4}),
        request(2, 1.5),
        request(3, 1.5, controls={"Loudness": -4, "Air": 2}),
        request(4, 1.5, controls={"Warmth": 3}),
    ]
    for config, many in zip(configs, demo.generate_many(configs), strict=True):
        alone = demo.generate(config)
        assert np.array_equal(alone.audio, many.audio)
        assert (alone.gain, alone.limited_db) == (many.gain, many.limited_db)


def test_an_audio_blend_is_louder_too(demo: GenerationPipeline) -> None:
    artifact = demo.blend.artifacts[0]
    pipeline = GenerationPipeline(Blend([artifact, artifact], [1, 3], "audio"))
    still = pipeline.generate(request(sliders=[0] * 8))
    loud = pipeline.generate(request(sliders=[0] * 8, controls={"Loudness": 6}))
    assert rms(loud) > 1.25 * rms(still)
    assert np.abs(loud.audio).max() < 1.0


def test_progress_runs_from_0_to_1_once(demo: GenerationPipeline) -> None:
    told: list[float] = []
    demo.generate(request(controls={"Loudness": 2}), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_stream_with_the_files_gain_has_the_files_bytes(demo: GenerationPipeline) -> None:
    config = request(controls={"Loudness": 10})
    result = demo.generate(config)
    assert result.limited_db > 0
    file = io.BytesIO()
    result.write_wav(file, bit_depth=16)
    assert b"".join(demo.stream_wav(config, gain=result.gain)) == file.getvalue()


# Recipes.


def test_a_recipe_makes_it_again(demo: GenerationPipeline, tmp_path: Path) -> None:
    result = demo.generate(request(controls={"loudness": 8, "BRIGHTNESS": -2.5}))
    result.save(tmp_path / "loud.flac")
    recipe = Recipe.load(tmp_path / "loud.flac")
    assert recipe.config.controls == {"Brightness": -2.5, "Loudness": 8}
    again = Reproduction.of(recipe, [demo.blend.artifacts[0].path]).generate()
    assert np.array_equal(again.audio, result.audio)


@pytest.mark.parametrize("wrong", [None, [1], {"Brightness": None}, {"Brightness": 1e6}])
def test_a_recipe_with_what_is_no_control_is_refused(small: Artifact, wrong: object) -> None:
    result = GenerationPipeline(small).generate(request(controls={"Brightness": 1}))
    document = json.loads(result.recipe.to_json())
    assert Recipe.from_json(json.dumps(document), document="it") == result.recipe
    with pytest.raises(RequestError, match=r"^it.*ontrol") as caught:
        Recipe.from_json(json.dumps(document | {"controls": wrong}), document="it")
    assert "\n" not in str(caught.value)
