"""Places around the head on the whole road: generated, streamed, kept, played live, made again."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

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
    SofaFile,
    StereoSettings,
)
from distill_runtime.audio.binaural.ear_filter import MAX_TAPS
from distill_runtime.audio.lowpass import lowpass
from distill_runtime.audio.spatial import SpatialProcessor
from distill_runtime.generation.live.output import MEMORY_SAMPLES
from tests.distill_runtime.sofa_files import write_sofa

MODES = ["binaural", "binaural-dual-seed"]


@pytest.fixture(scope="module")
def artifact(demo_artifact: Path) -> Artifact:
    return Artifact.load(demo_artifact)


@pytest.fixture(scope="module")
def pipeline(artifact: Artifact) -> GenerationPipeline:
    return GenerationPipeline(artifact)


@pytest.fixture
def sofa(tmp_path: Path) -> SofaFile:
    return SofaFile.load(write_sofa(tmp_path / "head.sofa"))


def request(mode: str, duration_s: float = 1.0, **places: object) -> GenerationConfig:
    stereo = StereoSettings(mode, **{"azimuth_deg": 60.0, **places})  # type: ignore[arg-type]
    return GenerationConfig(duration_s=duration_s, seed=7, stereo=stereo)


@pytest.mark.parametrize("mode", MODES)
def test_a_sound_is_the_voices_at_their_places(pipeline: GenerationPipeline, mode: str) -> None:
    config = request(mode)
    result = pipeline.generate(config)
    rows = pipeline.blend.artifacts[0].render(pipeline.trajectory(config))
    assert rows.shape[0] == len(config.row_seeds) == (2 if mode.endswith("dual-seed") else 1)
    expected = SpatialProcessor(config.stereo).push(lowpass(rows))[:, :48_000]
    np.testing.assert_allclose(result.audio, expected * result.gain, atol=1e-6)
    assert np.abs(result.audio).max() == pytest.approx(0.891, abs=1e-4)


def test_two_voices_are_on_two_sides(pipeline: GenerationPipeline) -> None:
    both = pipeline.generate(request("binaural-dual-seed"))
    first, second = (
        pipeline.generate(replace(request("binaural", azimuth_deg=azimuth_deg), seed=seed))
        for seed, azimuth_deg in ((7, -60.0), (8, 60.0))
    )
    expected = first.audio / first.gain + second.audio / second.gain
    np.testing.assert_allclose(both.audio / both.gain, expected, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample_rate_hz", [44_100, 48_000])
def test_a_stream_is_the_file(
    pipeline: GenerationPipeline, mode: str, sample_rate_hz: int, tmp_path: Path
) -> None:
    config = replace(request(mode, 2.3), sample_rate_hz=sample_rate_hz, fade_out_s=0.1)
    result = pipeline.generate(config)
    result.save(tmp_path / "whole.wav")
    streamed = b"".join(pipeline.stream_wav(config, gain=result.gain, bit_depth=24))
    assert streamed == (tmp_path / "whole.wav").read_bytes()


def test_many_loops_and_blends_have_places(
    artifact: Artifact, pipeline: GenerationPipeline
) -> None:
    configs = [
        replace(request("binaural", azimuth_deg=azimuth_deg), loop=True)
        for azimuth_deg in (-90.0, 0.0, 90.0)
    ]
    left, middle, right = (result.audio for result in pipeline.generate_many(configs))
    np.testing.assert_array_equal(left, right[::-1])
    np.testing.assert_array_equal(middle[0], middle[1])
    blend = GenerationPipeline(Blend([artifact, artifact], mode="audio"))
    assert blend.generate(replace(configs[2], sliders={0: 2.0}, loop=False)).channels == 2


@pytest.mark.parametrize("mode", MODES)
def test_a_recipe_knows_the_place(artifact: Artifact, mode: str, tmp_path: Path) -> None:
    config = request(mode, elevation_deg=-10.5, distance_m=0.3)
    result = GenerationPipeline(artifact).generate(config)
    result.save(tmp_path / "a.flac")
    recipe = Recipe.load(tmp_path / "a.flac")
    assert recipe.config.stereo == config.stereo
    again = Reproduction.of(recipe, [artifact.path]).generate()
    np.testing.assert_array_equal(again.audio, result.audio)


def test_a_recipe_names_the_sofa_file_and_wants_the_very_same(
    artifact: Artifact, sofa: SofaFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = GenerationPipeline(artifact).generate(request("binaural", sofa=sofa))
    result.save(tmp_path / "a.wav")
    recipe = Recipe.load(tmp_path / "a.wav")
    named = recipe.config.stereo.sofa
    assert named == sofa
    assert not named.is_loaded
    assert str(tmp_path) not in recipe.to_json()
    with pytest.raises(RequestError, match=r"head\.sofa is named and not loaded"):
        GenerationPipeline(artifact).generate(recipe.config)

    def again(folder: Path, path: Path | None = None) -> np.ndarray:
        return Reproduction.of(recipe, [artifact.path], folder=folder, sofa=path).generate().audio

    np.testing.assert_array_equal(again(tmp_path), result.audio)
    elsewhere = tmp_path / "heads"
    elsewhere.mkdir()
    moved = Path(shutil.move(tmp_path / "head.sofa", elsewhere / "mine.sofa"))
    np.testing.assert_array_equal(again(tmp_path, moved), result.audio)
    with pytest.raises(RequestError, match=r"the SOFA file 'head\.sofa' is neither in .* nor here"):
        again(tmp_path)
    monkeypatch.setenv("DISTILL_ARTIFACTS", str(elsewhere))
    moved.rename(elsewhere / "head.sofa")
    np.testing.assert_array_equal(again(tmp_path), result.audio)
    write_sofa(tmp_path / "head.sofa", {"Data.Delay": np.ones((1, 2))})
    with pytest.raises(RequestError, match=r"head\.sofa: is not the file that is meant \(SHA-256"):
        again(tmp_path)


def test_a_sofa_file_for_a_recipe_without_one_is_refused(
    artifact: Artifact, tmp_path: Path
) -> None:
    recipe = GenerationPipeline(artifact).generate(request("binaural")).recipe
    with pytest.raises(RequestError, match="the recipe names no SOFA file: leave it out"):
        Reproduction.of(recipe, [artifact.path], sofa=tmp_path / "head.sofa")


def test_other_sounds_recipes_are_what_they_were(pipeline: GenerationPipeline) -> None:
    recipe = pipeline.generate(request("mid-side", 0.3)).recipe
    assert '"stereo":{"mode":"mid-side","width":0.7,"depth":0.3},' in recipe.to_json()
    settings = Preset.of(pipeline.blend.artifacts[0], recipe.config).settings
    assert not {"azimuth_deg", "elevation_deg", "distance_m", "sofa"} & set(settings)


def test_a_preset_keeps_the_place_and_finds_the_head(
    artifact: Artifact, sofa: SofaFile, tmp_path: Path
) -> None:
    config = request("binaural-dual-seed", elevation_deg=5.0, distance_m=2.0, sofa=sofa)
    path = tmp_path / "place.json"
    Preset.of(artifact, config).save(path)
    found = Preset.load(path).config(artifact, folder=tmp_path).stereo
    assert found == config.stereo
    assert found.sofa is not None
    assert found.sofa.is_loaded
    with pytest.raises(RequestError, match=r"'head\.sofa' is neither in"):
        Preset.load(path).config(artifact, folder=tmp_path / "no")


@pytest.mark.parametrize("mode", MODES)
def test_what_is_played_live_is_played_again(artifact: Artifact, mode: str, sofa: SofaFile) -> None:
    for head in (None, sofa):
        stereo = StereoSettings(mode, azimuth_deg=-75.0, sofa=head)
        live = LiveStream(artifact, seed=3, drift=0.3, stereo=stereo, realtime=False)
        heard = []
        for step in range(6):
            live.move_slider(0, step)
            heard.append(live.read(10_000 + step))
        kept = live.record(0.8)
        np.testing.assert_array_equal(kept.audio, np.concatenate(heard, axis=1)[:, -38_400:])
        recipe = kept.recipe
        again = Reproduction.of(recipe, [artifact.path]).generate()
        np.testing.assert_array_equal(again.audio, kept.audio)


def test_a_recording_begins_with_all_that_a_filter_remembers() -> None:
    assert MAX_TAPS <= MEMORY_SAMPLES


def test_the_last_seed_has_no_second_voice() -> None:
    with pytest.raises(
        RequestError, match="binaural-dual-seed stereo takes the next for its right"
    ):
        replace(request("binaural-dual-seed"), seed=2**32 - 1)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "azimuth_deg",
            270.0,
            "it: stereo.azimuth_deg is 270.0, expected degrees from",
        ),
        ("distance_m", 0.0, "it: stereo.distance_m is 0.0, expected metres from 0.2 to 100"),
        ("sofa", {"name": "../head.sofa", "sha256": "00"}, "by its file name, not by '../head"),
        ("sofa", {"name": "head.sofa"}, "it lacks 'stereo.sofa.sha256'"),
    ],
)
def test_a_recipe_out_of_bounds_is_refused(
    pipeline: GenerationPipeline, field: str, value: object, message: str
) -> None:
    recipe = json.loads(pipeline.generate(request("binaural", 0.3)).recipe.to_json())
    recipe["stereo"][field] = value
    with pytest.raises(RequestError, match=re.escape(message)):
        Recipe.from_json(json.dumps(recipe), document="it")
