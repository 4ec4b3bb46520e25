"""Recipes: there and back, and what is no recipe."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime import GenerationConfig, RequestError
from distill_runtime.audio.spatial import MAX_WIDTH, STEREO_MODES, StereoSettings
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.contract import PRECISIONS
from distill_runtime.generation.recipe import Ingredient, Recipe, as_document, find_recipe
from distill_runtime.latents.seeds import SEED_LIMIT

FORMATS = [
    AudioFormat("wav", 16),
    AudioFormat("wav", 24),
    AudioFormat("wav", 32),
    AudioFormat("flac", 16),
    AudioFormat("flac", 24),
    AudioFormat("ogg"),
    AudioFormat("mp3"),
]
RECIPE = Recipe(
    config=GenerationConfig(duration_s=2.0, seed=7, sliders=(5, -3)),
    ingredients=(Ingredient("rain.onnx", "ab" * 32, "rain-1", "float32", 50.0),),
    blend_mode=None,
    runtime="0.1.0",
    onnxruntime="1.20.0",
    provider="cpu",
    threads=2,
    audio_format=AudioFormat("wav", 24),
)

single = st.floats(width=32, allow_nan=False, allow_infinity=False)
positions = st.one_of(st.integers(-10, 10), st.floats(-10, 10))
starts = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"sliders": st.lists(positions, min_size=1).map(tuple)}),
    st.fixed_dictionaries({"latent_vector": st.lists(single, min_size=1).map(tuple)}),
)
stereo = st.builds(
    StereoSettings,
    st.sampled_from(STEREO_MODES),
    width=st.floats(0, MAX_WIDTH),
    depth=st.floats(0, 1),
)
configs = st.builds(
    lambda start, **settings: GenerationConfig(**settings, **start),
    starts,
    duration_s=st.floats(0.01, 1e6),
    seed=st.integers(0, SEED_LIMIT - 2),
    mode=st.sampled_from(["crossfade", "latent-interpolation"]),
    evolution=st.floats(0, 1),
    stereo=stereo,
    sample_rate_hz=st.sampled_from([44_100, 48_000]),
)
ends = st.one_of(
    st.just({"loop": True}),
    st.fixed_dictionaries({"fade_in_s": st.floats(0, 0.004), "fade_out_s": st.floats(0, 0.004)}),
)
configs = st.builds(lambda config, end: replace(config, **end), configs, ends)
names = st.text(st.characters(exclude_characters="/\\", exclude_categories=["Cs"]), min_size=1)
ingredients = st.builds(
    Ingredient,
    name=names,
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    model_id=st.text(st.characters(exclude_categories=["Cs"])),
    precision=st.sampled_from(PRECISIONS),
    weight=st.floats(0, 1e6),
)
recipes = st.builds(
    Recipe,
    config=configs,
    ingredients=st.lists(ingredients, min_size=1, max_size=4).map(tuple),
    blend_mode=st.sampled_from([None, "latent", "audio"]),
    runtime=st.just("0.1.0"),
    onnxruntime=st.just("1.20.0"),
    provider=st.sampled_from(["cpu", "cuda"]),
    threads=st.integers(1, 256),
    audio_format=st.sampled_from([None, *FORMATS]),
)


@given(recipes)
def test_a_recipe_comes_back_as_it_was(recipe: Recipe) -> None:
    text = recipe.to_json()
    assert text.isascii()
    assert "\n" not in text
    assert Recipe.from_json(text, document="it") == recipe
    assert find_recipe(f" {text}\n", document="it") == recipe


def test_what_has_no_fades_and_no_loop_says_nothing_of_them() -> None:
    assert not {"fade_in_s", "fade_out_s", "loop"} & set(as_document(RECIPE))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("loop", 1, "1 for 'loop', not true or false"),
        ("fade_in_s", "0.1", "'0.1' for 'fade_in_s', not a finite number"),
        ("fade_in_s", -1, "fade_in_s is -1"),
        ("fade_out_s", 1e300, "the fades take 1e+300 s and the sound has 2: shorten them"),
    ],
)
def test_ends_that_cannot_be(field: str, value: Any, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        Recipe.from_json(changed(field, value), document="it")


def test_a_report_holds_the_same_values() -> None:
    assert as_document(RECIPE) == json.loads(RECIPE.to_json())


def test_a_recipe_is_small_enough_for_any_tag() -> None:
    assert len(RECIPE.to_json()) < 1000


def changed(path: str, value: Any) -> str:
    """Return the recipe with another value; `...` takes it out."""
    document = as_document(RECIPE)
    *sections, key = path.split(".")
    place: Any = document
    for section in sections:
        place = place[int(section)] if section.isdigit() else place[section]
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return json.dumps(document)


def fields() -> list[str]:
    document = as_document(RECIPE)
    return [
        *document,
        *(f"stereo.{name}" for name in document["stereo"]),
        *(f"audio_format.{name}" for name in document["audio_format"]),
        *(f"artifacts.0.{name}" for name in document["artifacts"][0]),
    ]


@pytest.mark.parametrize("field", fields())
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(RequestError) as refused:
        Recipe.from_json(changed(field, ...), document="the recipe in a.wav")
    assert str(refused.value).startswith("the recipe in a.wav lacks ")
    assert repr(field.rpartition(".")[2])[1:] in str(refused.value)


@pytest.mark.parametrize("field", fields())
@pytest.mark.parametrize("value", [{"a": 1}, True, "\ud800"])
def test_a_field_of_another_type_is_refused(field: str, value: object) -> None:
    with pytest.raises(RequestError) as refused:
        Recipe.from_json(changed(field, value), document="it")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("format", "distill.preset", "it has the format 'distill.preset', not 'distill.recipe'"),
        ("version", 2, "this program reads version 1: update distill-portable"),
        ("version", 0, "version"),
        ("artifacts", [], "names no artifact"),
        ("artifacts.0.name", "", "by their file names"),
        ("artifacts.0.name", "folder/rain.onnx", "by their file names"),
        ("artifacts.0.name", "..\\rain.onnx", "by their file names"),
        ("artifacts.0.name", "/etc/passwd", "by their file names"),
        ("artifacts.0.precision", "float8", "precision"),
        ("artifacts.0.weight", "50", "weight"),
        ("provider", "tpu", "provider"),
        ("threads", 0, "threads"),
        ("threads", 257, "threads"),
        ("seed", -1, "seed"),
        ("seed", SEED_LIMIT, "seed"),
        ("seed", None, "seed"),
        ("seed", 1.5, "seed"),
        ("duration_s", 0, "duration_s is 0"),
        ("duration_s", -3.0, "duration_s is -3"),
        ("mode", "random", "mode is 'random'"),
        ("sliders", [], "sliders"),
        ("sliders", ["a"], "sliders"),
        ("latent_vector", [0.0] * 16, "give one of them"),
        ("evolution", 2, "evolution is 2"),
        ("stereo.mode", "quadro", "stereo.mode is 'quadro'"),
        ("stereo.width", 9, "stereo.width is 9"),
        ("stereo.depth", -1, "stereo.depth is -1"),
        ("sample_rate_hz", 8_000, "sample_rate_hz is 8000"),
        ("audio_format.container", "aiff", "container is 'aiff'"),
        ("audio_format.bit_depth", 8, "bit_depth is 8"),
    ],
)
def test_a_bad_field_is_told_in_one_line(field: str, value: object, expected: str) -> None:
    with pytest.raises(RequestError) as refused:
        Recipe.from_json(changed(field, value), document="it")
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("comment", ["", "  ", "made with love", "[1]", "{" * 2_000_000])
def test_a_comment_that_is_no_recipe(comment: str) -> None:
    with pytest.raises(RequestError, match=r"^a\.wav carries no recipe: distill-run did not"):
        find_recipe(comment, document="a.wav")


@pytest.mark.parametrize("comment", ["{", "{}", '{"format": 3}', '{"format": NaN}', "{" * 5000])
def test_a_comment_that_only_looks_like_a_recipe(comment: str) -> None:
    with pytest.raises(RequestError, match=r"^the recipe in a\.wav "):
        find_recipe(comment, document="a.wav")


def test_fields_of_a_later_runtime_are_left_alone() -> None:
    assert Recipe.from_json(changed("mood", "calm"), document="it") == RECIPE


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("copy.wav", AudioFormat("wav", 24)),
        ("copy.flac", AudioFormat("flac", 24)),
        ("copy.MP3", AudioFormat("mp3")),
        ("c.o.p.y.ogg", AudioFormat("ogg")),
    ],
)
def test_the_format_follows_the_name_of_the_copy(name: str, expected: AudioFormat) -> None:
    other = RECIPE.in_format_of(Path(name))
    assert other.audio_format == expected
    assert other.ingredients == RECIPE.ingredients
    assert other.config.seed == RECIPE.config.seed


def test_the_same_format_keeps_its_bit_depth() -> None:
    recipe = replace(RECIPE, audio_format=AudioFormat("wav", 16))
    assert recipe.in_format_of(Path("copy.wav")) is recipe


@pytest.mark.parametrize("name", ["copy", "copy.aiff", "-"])
def test_a_copy_without_a_known_format_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="expected one of"):
        RECIPE.in_format_of(Path(name))
