"""Sounds over HTTP: the bytes of distill-run's files, by a body and by a recipe's address."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from distill_runtime import Artifact, AudioFormat, GenerationConfig, GenerationPipeline, Recipe
from distill_runtime.artifact.session import SessionOptions
from distill_runtime.generation.sound_request import KEYS as SOUND_WORDS
from distill_runtime.generation.sound_request import sound_request
from tests.distill_runtime.serving.conftest import client_of, detail_of

ASKED = {
    "seed": 7,
    "duration_s": 1.25,
    "stereo": {"mode": "mid-side", "width": 1.0},
    "sliders": {"0": 2},
    "controls": {"Brightness": -3},
    "fade_out_s": 0.25,
    "sample_rate_hz": 44_100,
}


@pytest.fixture(scope="module")
def pipeline(playable_artifact: Path) -> GenerationPipeline:
    return GenerationPipeline(Artifact.load(playable_artifact, options=SessionOptions(threads=1)))


def config_of(pipeline: GenerationPipeline, asked: dict[str, Any]) -> GenerationConfig:
    return sound_request(asked, pipeline)


@pytest.mark.parametrize("container", ["wav", "flac", "ogg"])
def test_a_normalised_sound_is_the_file(
    client: TestClient, pipeline: GenerationPipeline, tmp_path: Path, container: str
) -> None:
    path = tmp_path / f"sound.{container}"
    result = pipeline.generate(config_of(pipeline, ASKED))
    result.save(path)
    response = client.post("/v1/sounds", json={**ASKED, "audio_format": container})
    assert response.status_code == 200, response.text
    assert response.content == path.read_bytes()
    assert int(response.headers["content-length"]) == len(response.content)
    assert response.headers["content-type"] == f"audio/{container}"
    assert float(response.headers["distill-gain"]) == result.gain
    recipe = Recipe.from_json(response.headers["distill-recipe"], document="it")
    assert recipe == Recipe.load(path)


@pytest.mark.parametrize("container", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("level", ["normalised", 2.5])
def test_a_recipes_address_gives_the_same_for_ever(
    client: TestClient, container: str, level: object
) -> None:
    body = {"duration_s": 0.6, "audio_format": {"container": container}, "level": level}
    made = client.post("/v1/sounds", json=body)
    address = made.headers["content-location"]
    again = client.get(address)
    assert again.content == made.content
    assert again.headers["cache-control"] == "public, max-age=31536000, immutable"
    etag = again.headers["etag"]
    for known in (etag, f'"x", W/{etag}', "*"):
        same = client.get(address, headers={"If-None-Match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    head = client.head(address)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", etag)
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("container", ["wav", "flac", "ogg"])
def test_a_level_that_is_given_changes_the_level_alone(
    client: TestClient, pipeline: GenerationPipeline, container: str
) -> None:
    asked = {**ASKED, "duration_s": 2.0, "fade_out_s": 0.5}
    result = pipeline.generate(config_of(pipeline, asked))
    depth = None if container == "ogg" else 16
    body = {"audio_format": {"container": container, "bit_depth": depth}, "level": result.gain}
    response = client.post("/v1/sounds", json={**asked, **body})
    found, rate = soundfile.read(io.BytesIO(response.content), always_2d=True)
    file = io.BytesIO()
    if container == "wav":
        result.write_wav(file, bit_depth=16)
        assert response.content == file.getvalue()
    assert (rate, found.shape) == (44_100, (88_200, 2))
    np.testing.assert_allclose(found.T, result.audio, atol=0.1 if container == "ogg" else 1e-4)


def test_a_recipe_of_any_file_is_an_address(
    client: TestClient, pipeline: GenerationPipeline, tmp_path: Path
) -> None:
    path = tmp_path / "sound.wav"
    pipeline.generate(GenerationConfig(duration_s=0.5, seed=1)).save(
        path, audio_format=AudioFormat("wav", 16)
    )
    response = client.get(f"/v1/sounds/{token_of(Recipe.load(path).to_json())}")
    assert response.content == path.read_bytes()


def token_of(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


WRONG = {
    "a seed": ({"seed": -1}, "seed is -1, expected an integer from 0 to 4294967295"),
    "a length": ({"duration_s": 61}, "duration_s is 61, expected at most 60 here"),
    "a kept length": ({"preset": {}}, ""),
    "a word": ({"sead": 1}, "the request has unknown fields, 'sead': expected some of model"),
    "no object": ([1], "the request is [1], expected an object"),
    "a format": ({"audio_format": "mp3"}, "container is 'mp3', expected one of wav, flac, ogg"),
    "a depth": ({"audio_format": {"container": "ogg", "bit_depth": 16}}, "bit_depth is 16"),
    "a level": ({"level": "loud"}, "level is 'loud', expected normalised"),
    "a slider": ({"sliders": {"9": 1}}, "there is no slider 9"),
    "a loop": ({"loop": True, "level": 1, "audio_format": "ogg"}, "a loop cannot be streamed"),
    "a head": ({"sofa": "x.sofa", "sofa_sha256": "00", "stereo": "binaural"}, "a SOFA file"),
    "a vector": ({"latent_vector": [3e38] * 16, "duration_s": 0.5}, "the sound is NaN"),
}


@pytest.mark.parametrize(("body", "said"), WRONG.values(), ids=WRONG.keys())
def test_bad_input_gets_the_command_lines_sentence(
    client: TestClient, body: Any, said: str
) -> None:
    response = client.post("/v1/sounds", json=body)
    assert response.status_code == 400
    assert said in detail_of(response)


@pytest.mark.parametrize(
    ("spoil", "status", "said"),
    [
        (lambda r: r["artifacts"][0].update(sha256="0" * 64), 404, "no artifact with SHA-256"),
        (lambda r: r["artifacts"].append(r["artifacts"][0]), 400, "blend"),
        (lambda r: r.update(duration_s=100.0), 400, "expected at most 60"),
        (lambda r: r.update(duration_s=-1.0), 400, "duration_s"),
        (lambda r: r.update(level="x"), 400, "level"),
        (lambda r: r.update(audio_format={"container": "mp3", "bit_depth": None}), 400, "mp3"),
        (lambda r: r.update(version=2), 400, "version"),
        (lambda r: r.update(latent_vector=[0.1] * 3000), 414, "characters"),
    ],
)
def test_a_spoilt_recipe_is_refused(client: TestClient, spoil: Any, status: int, said: str) -> None:
    made = client.post("/v1/sounds", json={"duration_s": 0.3})
    recipe = json.loads(made.headers["distill-recipe"])
    spoil(recipe)
    for ask in (client.get, client.head):
        response = ask(f"/v1/sounds/{token_of(json.dumps(recipe))}")
        assert response.status_code == status
    assert said in detail_of(client.get(f"/v1/sounds/{token_of(json.dumps(recipe))}"))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
WORDS = [*SOUND_WORDS, "model", "audio_format", "level"]


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(WORDS), ANYTHING, max_size=6) | ANYTHING)
def test_nothing_that_is_said_breaks_it(client: TestClient, body: Any) -> None:
    if isinstance(body, dict):  # what is right shall not take long
        body = {"duration_s": 0.05, **body}
    response = client.post(
        "/v1/sounds", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert response.status_code in (200, 400, 404)
    if response.status_code != 200:
        assert detail_of(response)


@settings(max_examples=100)
@given(st.binary(max_size=64) | st.text(max_size=64).map(str.encode))
def test_no_bytes_break_it(client: TestClient, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert client.post("/v1/sounds", content=content, headers=headers).status_code in (200, 400)
    token = base64.urlsafe_b64encode(content).decode() or "-"
    assert client.get(f"/v1/sounds/{token}").status_code == 400


def test_the_models_are_told(client: TestClient, playable_artifact: Path) -> None:
    (model,) = client.get("/v1/models").json()["models"]
    assert model["name"] == "rain"
    assert model["sha256"] == Artifact.load(playable_artifact).sha256
    assert [slider["label"] for slider in model["sliders"]] == ["PC1 (Loudness)"]
    assert [control["name"] for control in model["controls"]] == ["Brightness"]
    named = client.post("/v1/sounds", json={"model": "rain", "duration_s": 0.1})
    assert named.status_code == 200
    assert client.post("/v1/sounds", json={"model": "snow"}).status_code == 404


def test_of_several_models_one_is_named(playable_artifact: Path, tmp_path: Path) -> None:
    (tmp_path / "snow.onnx").write_bytes(playable_artifact.read_bytes())
    (tmp_path / "rain.onnx").write_bytes(playable_artifact.read_bytes())
    several = client_of(tmp_path)
    said = detail_of(several.post("/v1/sounds", json={"seed": 1}))
    assert said == "model is None, expected one of rain, snow"
