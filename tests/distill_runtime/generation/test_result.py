"""A finished sound: what its file's name means, and how a notebook shows it."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_runtime import (
    AudioFormat,
    GenerationConfig,
    GenerationPipeline,
    GenerationResult,
    Recipe,
    RequestError,
    Tags,
)
from distill_runtime.generation import notebook
from tests.distill_runtime.small_artifacts import METADATA, load, save, seal, small_model


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> GenerationResult:
    artifact = save(seal(small_model()), tmp_path_factory.mktemp("artifact") / "rain.onnx")
    return GenerationPipeline(load(artifact)).generate(GenerationConfig(duration_s=1.5, seed=7))


@pytest.mark.parametrize(
    ("name", "container", "subtype"),
    [
        ("a.wav", "WAV", "PCM_24"),
        ("a.WAVE", "WAV", "PCM_24"),
        ("a.flac", "FLAC", "PCM_24"),
        ("a.ogg", "OGG", "VORBIS"),
        ("a.b.MP3", "MP3", "MPEG_LAYER_III"),
    ],
)
def test_the_names_ending_decides(
    result: GenerationResult, tmp_path: Path, name: str, container: str, subtype: str
) -> None:
    result.save(tmp_path / name)
    info = soundfile.info(tmp_path / name)
    assert (info.format, info.subtype) == (container, subtype)
    assert Recipe.load(tmp_path / name).audio_format == AudioFormat.for_file(Path(name))


def test_a_format_adds_to_the_ending_and_stands_in_for_a_missing_one(
    result: GenerationResult, tmp_path: Path
) -> None:
    for name in ("a.wav", "a.sound", "a"):
        result.save(tmp_path / name, audio_format=AudioFormat("wav", 16))
        assert soundfile.info(tmp_path / name).subtype == "PCM_16"
        assert Recipe.load(tmp_path / name).audio_format == AudioFormat("wav", 16)


@pytest.mark.parametrize(
    ("name", "audio_format", "message"),
    [
        ("a.flac", AudioFormat("wav"), "a.flac ends in '.flac', but the format is wav: choose"),
        ("a.mp3", AudioFormat("ogg"), "a.mp3 ends in '.mp3', but the format is ogg"),
        ("a.aiff", None, "a.aiff ends in '.aiff', expected one of .wav"),
        ("a", None, "a has no ending"),
    ],
)
def test_what_contradicts_the_ending_is_refused(
    result: GenerationResult,
    tmp_path: Path,
    name: str,
    audio_format: AudioFormat | None,
    message: str,
) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        result.save(tmp_path / name, audio_format=audio_format)
    assert not list(tmp_path.iterdir())


def test_a_pipe_gets_the_bytes_of_the_file(result: GenerationResult, tmp_path: Path) -> None:
    tags = Tags(title="Rain")
    for depth in (16, 24, 32):
        result.save(tmp_path / f"{depth}.wav", audio_format=AudioFormat("wav", depth), tags=tags)
        pipe = io.BytesIO()
        result.write_wav(pipe, bit_depth=depth, tags=tags)
        assert pipe.getvalue() == (tmp_path / f"{depth}.wav").read_bytes()


def test_a_notebook_shows_a_player(result: GenerationResult) -> None:
    shown = result._repr_html_()
    (content,) = re.findall(r'<audio controls aria-label="rain.onnx, seed 7" src="([^"]+)"', shown)
    kind, _, data = content.partition(",")
    assert kind == "data:audio/flac;base64"
    sound, rate = soundfile.read(io.BytesIO(base64.b64decode(data)), always_2d=True)
    assert rate == result.sample_rate_hz
    np.testing.assert_allclose(sound.T, result.audio, atol=2.0**-14)
    assert "rain.onnx · seed 7 · 1.5 s · peak -1.0 dBFS" in html.unescape(shown)


def test_a_notebook_shows_the_beginning_of_a_long_sound(
    result: GenerationResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebook, "MAX_SECONDS", 1)
    shown = result._repr_html_()
    (data,) = re.findall(r"base64,([^\"]+)", shown)
    sound, _ = soundfile.read(io.BytesIO(base64.b64decode(data)), always_2d=True)
    np.testing.assert_allclose(sound.T, result.audio[:, :48_000], atol=2.0**-14)
    assert "the first 1 s are here" in shown


def test_a_name_in_a_notebook_is_text(tmp_path: Path) -> None:
    artifact = save(seal(small_model()), tmp_path / "<b>&'.onnx")
    result = GenerationPipeline(load(artifact)).generate(GenerationConfig(duration_s=0.1, seed=7))
    shown = result._repr_html_()
    assert "<b>" not in shown
    assert "&lt;b&gt;&amp;" in shown


def test_the_recipe_of_a_sound_in_no_file_has_no_format(result: GenerationResult) -> None:
    assert result.recipe.audio_format is None
    assert json.loads(result.recipe.to_json())["audio_format"] is None
    assert result.config.seed == 7
    assert METADATA.latent_dim
