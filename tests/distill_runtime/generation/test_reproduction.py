"""A file made again from its recipe: the same samples, or a word why not."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_runtime import (
    Artifact,
    DependencyError,
    GenerationConfig,
    GenerationPipeline,
    GenerationResult,
    InputError,
    RequestError,
)
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.tags import Tags
from distill_runtime.generation.blend import Blend
from distill_runtime.generation.recipe import Recipe
from distill_runtime.generation.reproduction import Reproduction
from tests.distill_runtime.small_artifacts import METADATA, load, save, seal, small_model

FORMATS = {
    "wav": AudioFormat("wav", 24),
    "wav16": AudioFormat("wav", 16),
    "wav32": AudioFormat("wav", 32),
    "flac": AudioFormat("flac", 24),
    "flac16": AudioFormat("flac", 16),
    "ogg": AudioFormat("ogg"),
    "mp3": AudioFormat("mp3"),
}


@pytest.fixture
def demo(demo_artifact: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(demo_artifact, tmp_path / "rain.onnx"))


@pytest.fixture
def other(reference_artifact: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(reference_artifact, tmp_path / "sea.onnx"))


def prepared(file: Path, artifacts: Any, **settings: Any) -> Reproduction:
    recipe = Recipe.load(file)
    return Reproduction.of(recipe, artifacts, folder=file.parent, trust=True, **settings)


def reproduced(file: Path, *artifacts: Path, force: bool = False) -> GenerationResult:
    return prepared(file, artifacts, other_artifacts=force).generate()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_of_every_format_is_made_again_bit_for_bit(
    demo: Path, tmp_path: Path, kind: str
) -> None:
    audio_format = FORMATS[kind]
    config = GenerationConfig(
        duration_s=1.3,
        seed=7,
        sliders=(3, -2, 0, 0, 1, 0, 0, 0),
        stereo=StereoSettings("mid-side", width=1.1),
        sample_rate_hz=44_100,
    )
    result = GenerationPipeline(Artifact.load(demo)).generate(config)
    file = tmp_path / f"first.{audio_format.container}"
    result.save(file, audio_format=audio_format, tags=Tags(title="Rain", comment="not this"))
    again = reproduced(file)
    assert again.recipe == result.recipe
    assert Recipe.load(file).audio_format == audio_format
    assert again.audio.shape == (2, 57_330)
    assert np.array_equal(again.audio, result.audio)
    copy = file.with_stem("copy")
    again.save(copy, audio_format=audio_format)
    decoded, rate = soundfile.read(file, dtype="float32")
    assert rate == 44_100
    assert np.abs(decoded).max() > 0.5
    assert np.array_equal(decoded, soundfile.read(copy, dtype="float32")[0])


def test_a_renamed_file_and_a_sidecar_hold_the_recipe(demo: Path, tmp_path: Path) -> None:
    config = GenerationConfig(duration_s=0.3, seed=7)
    result = GenerationPipeline(Artifact.load(demo)).generate(config)
    result.save(tmp_path / "a.wav", sidecar=True)
    renamed = (tmp_path / "a.wav").rename(tmp_path / "another name.without.ending")
    for file in (renamed, tmp_path / "a.wav.json"):
        assert np.array_equal(reproduced(file).audio, result.audio)


def test_what_was_rendered_in_a_batch_is_made_again_alone(demo: Path, tmp_path: Path) -> None:
    pipeline = GenerationPipeline(Artifact.load(demo))
    configs = [GenerationConfig(duration_s=0.6, seed=seed) for seed in range(64)]
    results = list(pipeline.generate_many(configs))
    assert [result.seed for result in results] == list(range(64))
    for index, result in enumerate(results):
        if index % 9 == 0:
            file = tmp_path / f"{index}.wav"
            result.save(file)
            assert np.array_equal(reproduced(file).audio, result.audio)
        else:
            assert np.array_equal(pipeline.generate(configs[index]).audio, result.audio)


@pytest.mark.parametrize("mode", ["latent", "audio"])
@pytest.mark.parametrize("order", [[], [0, 1], [1, 0]])
def test_a_blend_is_made_again_in_any_order_of_its_artifacts(
    demo: Path, other: Path, tmp_path: Path, mode: str, order: list[int]
) -> None:
    artifacts = [Artifact.load(demo), Artifact.load(other)]
    blend = Blend(artifacts, [50.0, 0.1], mode)
    config = GenerationConfig(duration_s=0.5, seed=3, sliders=(5, 0, 0, 0, 0, 0, 0, 0))
    result = GenerationPipeline(blend).generate(config)
    result.save(tmp_path / "blend.wav")
    given = [(demo, other)[index] for index in order]
    again = reproduced(tmp_path / "blend.wav", *given)
    assert again.recipe == result.recipe
    assert np.array_equal(again.audio, result.audio)
    plain = GenerationPipeline(artifacts[0]).generate(config)
    assert not np.array_equal(again.audio, plain.audio)


def test_the_same_artifact_twice_is_a_blend_too(demo: Path, tmp_path: Path) -> None:
    artifacts = [Artifact.load(demo), Artifact.load(demo)]
    blend = Blend(artifacts, [1.0, 3.0], "audio")
    config = GenerationConfig(duration_s=0.3, seed=3)
    result = GenerationPipeline(blend).generate(config)
    result.save(tmp_path / "twice.wav")
    assert np.array_equal(reproduced(tmp_path / "twice.wav").audio, result.audio)
    assert np.array_equal(reproduced(tmp_path / "twice.wav", demo, demo).audio, result.audio)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A sound of a small artifact, with that artifact beside it."""
    artifact = save(seal(small_model()), tmp_path / "rain.onnx")
    config = GenerationConfig(duration_s=0.2, seed=7)
    GenerationPipeline(load(artifact)).generate(config).save(tmp_path / "a.wav")
    return tmp_path / "a.wav"


MODEL = dataclasses.replace(METADATA.model, id="sea-1", name="Sea")
OTHERS = {
    "another export of the same model": dataclasses.replace(METADATA, exporter={"torch": "1"}),
    "the float16 variant, the recipe is of float32": dataclasses.replace(
        METADATA, precision="float16"
    ),
    "another model, 'Sea'": dataclasses.replace(METADATA, model=MODEL),
}


@pytest.mark.parametrize("what", OTHERS)
@pytest.mark.parametrize("given", [False, True])
def test_other_bytes_are_refused_by_name_unless_forced(small: Path, what: str, given: bool) -> None:
    path = small.parent / ("given.onnx" if given else "rain.onnx")
    save(seal(small_model(), OTHERS[what]), path)
    artifacts = [path] if given else []
    with pytest.raises(RequestError) as refused:
        prepared(small, artifacts)
    message = str(refused.value)
    assert f"{path} is not the 'rain.onnx' of the recipe but {what} (SHA-256 " in message
    assert message.endswith("other_artifacts=True renders with it all the same")
    assert "\n" not in message
    forced = prepared(small, artifacts, other_artifacts=True)
    (warning,) = forced.warnings
    assert what in warning
    assert "--force" not in warning
    assert forced.generate().samples == 9_600


def test_an_artifact_that_is_missing_is_named(small: Path) -> None:
    (small.parent / "rain.onnx").unlink()
    with pytest.raises(RequestError, match=r"^'rain\.onnx' is neither in .* give its path"):
        prepared(small, [])


def test_an_artifact_of_any_name_will_do(small: Path) -> None:
    renamed = (small.parent / "rain.onnx").rename(small.parent / "renamed.onnx")
    assert prepared(small, [renamed]).warnings == ()


def test_artifacts_are_found_in_the_current_folder(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = small.parent / "elsewhere"
    elsewhere.mkdir()
    moved = small.rename(elsewhere / "a.wav")
    with pytest.raises(RequestError, match="neither"):
        reproduced(moved)
    monkeypatch.chdir(small.parent)
    assert reproduced(moved).samples == 9_600


def test_as_many_artifacts_as_the_recipe_has(small: Path) -> None:
    artifact = small.parent / "rain.onnx"
    with pytest.raises(
        RequestError, match=r"^there are 2 artifacts, the recipe has 1: 'rain\.onnx'"
    ):
        prepared(small, [artifact, artifact])


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("runtime", "0.0.1", "the recipe is of distill-run 0.0.1, this is "),
        ("onnxruntime", "1.2.3", "the recipe is of onnxruntime 1.2.3, this is "),
    ],
)
def test_another_version_is_told(small: Path, field: str, value: str, expected: str) -> None:
    recipe = dataclasses.replace(Recipe.load(small), **{field: value})
    (warning,) = Reproduction.of(recipe, folder=small.parent, trust=True).warnings
    assert warning.startswith(expected)


def test_cuda_that_is_not_here_is_told_and_the_cpu_renders(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_artifact = Artifact.load

    def without_cuda(path: Path, *, options, trust: bool) -> Artifact:
        if options.provider == "cuda":
            raise DependencyError("this onnxruntime has no CUDA")
        return load_artifact(path, options=options, trust=trust)

    monkeypatch.setattr(Artifact, "load", without_cuda)
    recipe = dataclasses.replace(Recipe.load(small), provider="cuda")
    reproduction = Reproduction.of(recipe, folder=small.parent, trust=True)
    assert any("CUDA" in warning for warning in reproduction.warnings)
    assert reproduction.generate().recipe.provider == "cpu"


def test_an_artifact_that_is_changed_while_it_is_loaded_is_refused(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Artifact.load

    def changed(path: Path, **settings: Any) -> Artifact:
        save(seal(small_model(), dataclasses.replace(METADATA, exporter={"torch": "1"})), path)
        return whole(path, **settings)

    monkeypatch.setattr(Artifact, "load", changed)
    with pytest.raises(RequestError, match="changed while it was loaded"):
        prepared(small, [])


def test_threads_are_those_of_the_recipe(small: Path) -> None:
    recipe = dataclasses.replace(Recipe.load(small), threads=3)
    again = Reproduction.of(recipe, folder=small.parent, trust=True).generate()
    assert dataclasses.replace(again.recipe, audio_format=recipe.audio_format) == recipe


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("none.wav", None, "no such file"),
        ("none.json", None, "no such file"),
        ("empty.wav", b"", "is empty"),
        ("empty.json", b"", "is empty"),
        ("text.wav", b"RIFF", "is not an audio file"),
        ("list.json", b"[]", "carries no recipe"),
        ("latin.json", b"{\xff}", "no UTF-8 text"),
        ("preset.json", b'{"format": "distill.preset"}', "'distill.preset', not 'distill.recipe'"),
    ],
)
def test_a_file_without_a_recipe_is_told(
    tmp_path: Path, name: str, content: bytes | None, expected: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=expected) as refused:
        Recipe.load(tmp_path / name)
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_sound_of_another_program_has_no_recipe(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "mine.flac", np.zeros(100), 48_000)
    with pytest.raises(RequestError, match=r"mine\.flac carries no recipe"):
        Recipe.load(tmp_path / "mine.flac")


def test_no_file_holds_a_path(demo: Path, tmp_path: Path) -> None:
    result = GenerationPipeline(Artifact.load(demo)).generate(GenerationConfig(0.1, seed=7))
    result.save(tmp_path / "a.wav", sidecar=True)
    for name in ("a.wav", "a.wav.json"):
        assert str(tmp_path).encode() not in (tmp_path / name).read_bytes()
    sidecar = json.loads((tmp_path / "a.wav.json").read_text(encoding="utf-8"))
    assert sidecar["artifacts"][0]["name"] == "rain.onnx"
