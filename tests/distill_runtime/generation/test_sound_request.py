"""Requests as JSON: what they make, and that whatever is wrong is said in one line."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.audio.binaural.sofa_file import SofaFile
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.cli.play.request import first_config
from distill_runtime.cli.stereo import StereoOptions
from distill_runtime.errors import RequestError
from distill_runtime.generation.asked_sound import KeptSound
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.pipeline import GenerationPipeline
from distill_runtime.generation.preset import Preset
from distill_runtime.generation.sound_request import KEYS, sound_request
from tests.distill_runtime.made_controls import make_control
from tests.distill_runtime.small_artifacts import METADATA, load, save, seal, small_model

CONTROLS = (make_control("Brightness"), make_control("Loudness", seed=2))


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> GenerationPipeline:
    path = tmp_path_factory.mktemp("artifact") / "rain.onnx"
    save(seal(small_model(), dataclasses.replace(METADATA, controls=CONTROLS)), path)
    return GenerationPipeline(load(path))


def preset_document(pipeline: GenerationPipeline, tmp_path: Path, **settings: Any) -> Any:
    config = GenerationConfig(**{"duration_s": 3.0, "seed": 5, "sliders": {0: 2}, **settings})
    path = tmp_path / "kept.json"
    Preset.of(pipeline.blend.artifacts[0], config).save(path, overwrite=True)
    return json.loads(path.read_text("utf-8"))


def test_all_of_a_request_is_in_the_config(pipeline: GenerationPipeline) -> None:
    config = sound_request(
        {
            "seed": 7,
            "duration_s": 2.5,
            "mode": "latent_interpolation",
            "sliders": {"Loudness": 3},
            "controls": {"brightness": 2},
            "evolution": 0.25,
            "nearness": None,
            "stereo": {"mode": "mid-side", "width": 1.0, "depth": None},
            "sample_rate_hz": 44100,
            "fade_in_s": 0.5,
            "loop": False,
        },
        pipeline,
    )
    assert config == GenerationConfig(
        duration_s=2.5,
        seed=7,
        mode="latent-interpolation",
        sliders=(3,),
        controls={"Brightness": 2},
        evolution=0.25,
        stereo=StereoSettings("mid-side", width=1.0),
        sample_rate_hz=44_100,
        fade_in_s=0.5,
    )


def test_a_request_may_be_empty_and_has_a_seed_drawn(pipeline: GenerationPipeline) -> None:
    config = sound_request({}, pipeline)
    assert config.seed is not None
    assert config == dataclasses.replace(GenerationConfig(), seed=config.seed)


def test_what_is_in_a_recipe_is_a_request(pipeline: GenerationPipeline) -> None:
    asked = {"seed": 3, "duration_s": 1.0, "sliders": [4], "controls": {"Loudness": -1}}
    config = sound_request(asked, pipeline)
    recipe = json.loads(pipeline.recipe(config).to_json())
    assert sound_request({k: v for k, v in recipe.items() if k in KEYS}, pipeline) == config


def test_a_flat_row_says_stereo_in_the_words_of_presets(pipeline: GenerationPipeline) -> None:
    row = {"seed": 1, "stereo": "binaural", "azimuth_deg": -40, "distance_m": 2}
    assert sound_request(row, pipeline).stereo == StereoSettings(
        "binaural", azimuth_deg=-40.0, distance_m=2.0
    )


def test_sliders_are_drawn_from_the_seed_as_the_command_line_does(
    pipeline: GenerationPipeline,
) -> None:
    options = PlayOptions(artifact=Path("x"), seed=9, randomize=True)
    first, _ = first_config(options, pipeline.blend)
    assert sound_request({"seed": 9, "randomize": True}, pipeline) == first


def test_a_request_goes_before_its_preset_and_that_before_what_is_kept(
    pipeline: GenerationPipeline, tmp_path: Path
) -> None:
    kept = KeptSound.of_config(
        GenerationConfig(
            duration_s=9.0, evolution=0.1, sample_rate_hz=96_000, sliders=(1,), fade_out_s=1.0
        ),
        pipeline.blend,
    )
    alone = sound_request({"seed": 1}, pipeline, kept=kept)
    assert (alone.duration_s, alone.sliders, alone.fade_out_s) == (9.0, (1,), 1.0)
    assert sound_request({"seed": 1, "loop": True}, pipeline, kept=kept).fade_out_s == 0.0
    document = preset_document(pipeline, tmp_path, controls={"Brightness": 1})
    config = sound_request({"preset": document, "evolution": 0.75}, pipeline, kept=kept)
    assert (config.seed, config.duration_s, config.sliders) == (5, 3.0, (2,))
    assert (config.evolution, config.sample_rate_hz) == (0.75, 96_000)
    assert config.controls == {"Brightness": 1}
    moved = sound_request({"preset": document, "controls": {"Loudness": 2}}, pipeline)
    assert moved.controls == {"Brightness": 1, "Loudness": 2}
    vector = sound_request({"seed": 1, "latent_vector": [0.5] * 16}, pipeline, kept=kept)
    assert (vector.sliders, vector.latent_vector) == (None, (0.5,) * 16)


def test_a_preset_may_be_named_where_somebody_finds_it(
    pipeline: GenerationPipeline, tmp_path: Path
) -> None:
    document = preset_document(pipeline, tmp_path)
    named = {"preset": "dawn.json"}
    config = sound_request(named, pipeline, find_preset=lambda name: Preset.from_document(document))
    assert config == sound_request({"preset": document}, pipeline)
    with pytest.raises(RequestError, match=r"preset is 'dawn\.json', expected a preset's document"):
        sound_request(named, pipeline)


FAR = StereoOptions("binaural", azimuth_deg=999)
SENTENCES = [
    ({"duration_s": -1}, {"duration_s": -1}),
    ({"duration_s": 1e300}, {"duration_s": 1e300}),
    ({"seed": 2**32}, {"seed": 2**32}),
    ({"mode": "waltz"}, {"mode": "waltz"}),
    ({"evolution": 2}, {"evolution": 2}),
    ({"nearness": 0.5}, {"nearness": 0.5}),
    ({"sample_rate_hz": 8000}, {"sample_rate_hz": 8000}),
    ({"fade_in_s": -1}, {"fade_in_s": -1}),
    ({"fade_in_s": 9, "fade_out_s": 9}, {"fade_in_s": 9, "fade_out_s": 9}),
    ({"sliders": {"Mood": 1}}, {"sliders": ("Mood:1",)}),
    ({"sliders": {"0": 11}}, {"sliders": ("0:11",)}),
    ({"controls": {"Mood": 1}}, {"controls": ("Mood:1",)}),
    ({"stereo": "wide"}, {"stereo": StereoOptions("wide")}),
    ({"stereo": {"mode": "mid-side", "width": 2}}, {"stereo": StereoOptions("mid-side", width=2)}),
    (
        {"stereo": "binaural", "azimuth_deg": 999},
        {"stereo": FAR},
    ),
]


@pytest.mark.parametrize(("row", "options"), SENTENCES, ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_said_as_the_command_line_says_it(
    pipeline: GenerationPipeline, row: Any, options: Any
) -> None:
    with pytest.raises(RequestError) as expected:
        first_config(PlayOptions(artifact=Path("x"), **{"seed": 1, **options}), pipeline.blend)
    with pytest.raises(RequestError) as found:
        sound_request({"seed": 1, **row}, pipeline)
    assert str(found.value) == str(expected.value)


WRONG = {
    "a list": ([], r"the request is \[\], expected an object"),
    "an unknown name": ({"lenght": 1}, "unknown fields, 'lenght': expected some of seed, "),
    "an unknown name in stereo": ({"stereo": {"wide": 1}}, "unknown fields, 'stereo.wide'"),
    "stereo twice": ({"stereo": {"mode": "mono"}, "width": 1}, "'width' is said beside stereo"),
    "a text for a length": ({"duration_s": "2"}, "duration_s is '2', expected a number of seconds"),
    "a truth for a seed": ({"seed": True}, "seed is True, expected an integer"),
    "an object for a mode": ({"mode": {}}, "mode is {}, expected crossfade or"),
    "a number for a loop": ({"loop": 1}, "loop is 1, expected True or False"),
    "a loop with fades": ({"loop": True, "fade_in_s": 1}, "a loop goes on where it ends"),
    "a text for sliders": ({"sliders": "Loudness:3"}, "the sliders are 'Loudness:3', expected"),
    "too many sliders": ({"sliders": [1, 2]}, "there are 2 slider positions, expected one for"),
    "sliders twice": ({"sliders": {"Loudness": 1, "0": 2}}, "is set twice, expected once"),
    "a text for controls": ({"controls": []}, r"the controls are \[\], expected a mapping"),
    "sliders and a vector": ({"sliders": [1], "latent_vector": [0] * 16}, "give one of them"),
    "a vector of texts": ({"latent_vector": ["a"]}, "latent_vector does not hold numbers"),
    "a vector of another size": ({"latent_vector": [1.0]}, "latent vector"),
    "random sliders and sliders": ({"randomize": True, "sliders": [1]}, "set the same sliders"),
    "a number for random sliders": ({"randomize": 1}, "randomize is 1, expected True or False"),
    "a preset that is none": ({"preset": {}}, "the preset lacks 'format'"),
    "a number for a preset": ({"preset": 3}, "preset is 3, expected a preset's document"),
    "a SOFA file": ({"stereo": "binaural", "sofa": "a"}, "a SOFA file cannot be named here"),
}


@pytest.mark.parametrize(("row", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said(pipeline: GenerationPipeline, row: Any, sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence):
        sound_request(row, pipeline)


def test_a_sofa_file_may_be_named_where_there_is_a_folder(
    pipeline: GenerationPipeline, tmp_path: Path
) -> None:
    hashed = {"stereo": "binaural", "sofa": "head.sofa", "sofa_sha256": "00"}
    with pytest.raises(RequestError, match=r"the SOFA file 'head\.sofa'"):
        sound_request(hashed, pipeline, folder=tmp_path)
    with pytest.raises(RequestError, match="expected its name and its SHA-256"):
        sound_request({"stereo": "binaural", "sofa": "head.sofa"}, pipeline, folder=tmp_path)
    kept = KeptSound(stereo=StereoSettings("binaural", sofa=SofaFile("head.sofa", "00")))
    assert sound_request({"azimuth_deg": 9}, pipeline, kept=kept).stereo.sofa is not None
    settings = {"stereo": kept.stereo}
    document = preset_document(pipeline, tmp_path, **settings)
    with pytest.raises(RequestError, match="a SOFA file cannot be named here"):
        sound_request({"preset": document}, pipeline)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
LEAVES |= st.sampled_from(["mono", "binaural", "Loudness", "0", "crossfade", 1.0, 16, 1e-9, 48_000])
NAMES = st.sampled_from([*KEYS, "mode", "name", "sha256", "format", "0", "Brightness"]) | st.text()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=17) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(values=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6) | VALUES)
def test_any_json_is_a_request_or_refused_in_one_line(
    pipeline: GenerationPipeline, values: Any
) -> None:
    try:
        config = sound_request(values, pipeline, folder=Path("nowhere"))
    except RequestError as error:
        assert 0 < len(str(error)) < 600
        assert "\n" not in str(error)
    else:
        assert pipeline.prepare(config) == config
