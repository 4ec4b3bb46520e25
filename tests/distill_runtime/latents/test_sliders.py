"""Sliders against Distill's own positions and vectors, and the ways to name them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.contract import Slider, SliderBank
from distill_runtime.errors import RequestError
from distill_runtime.latents.sliders import (
    check_positions,
    distinct_labels,
    latent_vector,
    parse_slider,
    random_positions,
    resolve_slider,
    slider_positions,
)

LATENT_DIM = 16
WORDS = ("Brightness", "Texture", "Loudness", "Loudness")


def make_bank(words: tuple[str, ...] = WORDS, **ranges: int) -> SliderBank:
    rng = np.random.default_rng(len(words))
    rows = rng.standard_normal((len(words) + 1, LATENT_DIM)).astype(np.float32).tolist()
    steps = {"min_step": -10, "max_step": 10, "safe_min_step": -7, "safe_max_step": 6}
    steps |= {"warning_min_step": -9, "warning_max_step": 8} | ranges
    sliders = [
        Slider(
            name=f"PC{i + 1}",
            label=f"PC{i + 1} ({word})",
            component=tuple(rows[i + 1]),
            step_size=0.25 + i / 8,
            variance_explained=0.1,
            **steps,
        )
        for i, word in enumerate(words)
    ]
    return SliderBank(mean=tuple(rows[0]), sliders=tuple(sliders))


BANK = make_bank()
SLIDERS = BANK.sliders

positions = st.tuples(*[st.integers(-5, 5)] * len(SLIDERS))


def one_line(error: pytest.ExceptionInfo[RequestError]) -> bool:
    return "\n" not in str(error.value)


# What Distill did.


def test_the_recorded_vectors(shared: Path, reference_artifact: Path) -> None:
    folder = shared / "reference/ambience"
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    bank = ArtifactFile.inspect(reference_artifact).metadata.sliders
    assert bank is not None
    asked = {
        "center": [0] * 8,
        "randomize_seed3": cases["randomize_seed3"],
        "positions_5_m3": cases["positions_5_-3"],
    }
    with np.load(folder / "slider_latents.npz") as recorded:
        for name, steps in asked.items():
            np.testing.assert_array_equal(latent_vector(bank, steps), recorded[name])
    for case, name in (
        ("sliders_random3_4s_seed5", "randomize_seed3"),
        ("sliders_5_m3_evolve1_6s_seed9", "positions_5_m3"),
    ):
        vector = np.array(cases["cases"][case]["config"]["latent_vector"], np.float32)
        np.testing.assert_array_equal(latent_vector(bank, asked[name]), vector)
    assert list(random_positions(bank.sliders, 3)) == cases["randomize_seed3"]


def test_the_sliders_of_an_artifact(shared: Path, reference_artifact: Path) -> None:
    text = (shared / "reference/ambience/cases.json").read_text(encoding="utf-8")
    sliders = Artifact.load(reference_artifact).sliders
    for slider, said in zip(sliders, json.loads(text)["sliders"], strict=True):
        assert (slider.name, slider.label) == (said["label"], said["suggested_label"])
        for edge in ("min_step", "max_step"):
            for kind in ("", "safe_", "warning_"):
                assert getattr(slider, kind + edge) == said[kind + edge]
        assert 100 * slider.variance_explained == pytest.approx(said["variance_explained_pct"])
    without: Any = SimpleNamespace(metadata=SimpleNamespace(sliders=None))
    assert Artifact.sliders.fget(without) == ()
    with pytest.raises(RequestError, match=r"'loudness' fits 6 sliders, 2 'PC3 \(Loudness\)', 3 "):
        resolve_slider(sliders, "loudness")


# Names.


@pytest.mark.parametrize(
    ("name_or_index", "index"),
    [
        (0, 0),
        (np.int64(3), 3),
        ("2", 2),
        ("+1", 1),
        ("PC1 (Brightness)", 0),
        ("pc4 (loudness)", 3),
        ("PC3", 2),
        (" pc2 ", 1),
        ("Texture", 1),
        ("BRIGHTNESS", 0),
    ],
)
def test_what_a_slider_is_called(name_or_index: str | int, index: int) -> None:
    assert resolve_slider(SLIDERS, name_or_index) == index


@pytest.mark.parametrize(
    ("name_or_index", "message"),
    [
        ("loudness", "'loudness' fits 2 sliders, 2 'PC3 (Loudness)', 3 'PC4 (Loudness)': give"),
        ("Warmth", "no slider 'Warmth', expected one of 0 'PC1 (Brightness)', 1 'PC2 (Texture)'"),
        ("a\nb", r"no slider 'a\nb', expected one of"),
        ("", "no slider '', expected one of"),
        ("()", "no slider '()'"),
        (4, "no slider 4, expected one of 0 'PC1 (Brightness)'"),
        (-1, "no slider -1, expected"),
        ("-1", "no slider -1, expected"),
        ("1.0", "no slider '1.0', expected"),
        ("9" * 5000, "no slider '999"),
        (True, "no slider True, expected"),
        (None, "no slider None, expected"),
    ],
)
def test_what_no_slider_is_called(name_or_index: Any, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)) as raised:
        resolve_slider(SLIDERS, name_or_index)
    assert one_line(raised)


def test_a_whole_label_comes_before_the_word_in_another() -> None:
    sliders = (SLIDERS[0], replace(SLIDERS[1], name="PC2", label="brightness"))
    assert resolve_slider(sliders, "Brightness") == 1


def test_shared_labels_are_told_apart_by_the_index() -> None:
    sliders = tuple(replace(slider, name="PC", label="PC (Same)") for slider in SLIDERS[:3])
    assert distinct_labels(sliders) == ("0 PC (Same)", "1 PC (Same)", "2 PC (Same)")
    assert resolve_slider(sliders, "1 pc (same)") == 1
    with pytest.raises(RequestError, match="'PC' fits 3 sliders"):
        resolve_slider(sliders, "PC")
    assert distinct_labels(SLIDERS) == tuple(slider.label for slider in SLIDERS)


def test_many_sliders_are_not_all_listed() -> None:
    with pytest.raises(RequestError, match=r"15 'PC16 \(x\)' and 24 more$"):
        resolve_slider(make_bank(("x",) * 40).sliders, "y")


@pytest.mark.parametrize(
    "ask",
    [
        lambda: resolve_slider((), "Brightness"),
        lambda: resolve_slider((), 0),
        lambda: slider_positions((), [("Brightness", 5)]),
        lambda: slider_positions((), [], base=[1]),
        lambda: check_positions((), [0]),
        lambda: random_positions((), 3),
        lambda: latent_vector(SliderBank(mean=(1.0,), sliders=()), [1]),
    ],
)
def test_a_model_without_sliders_says_so(ask: Any) -> None:
    with pytest.raises(RequestError, match="this model has no sliders"):
        ask()


def test_a_model_without_sliders_stands_where_it_stands() -> None:
    assert slider_positions((), []).positions == ()
    np.testing.assert_array_equal(latent_vector(SliderBank((1.0, 2.0), ()), ()), [1.0, 2.0])


# The form of the command line.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Brightness:5", ("Brightness", 5)),
        ("1:-3", ("1", -3)),
        ("PC1 (Brightness) : +10", ("PC1 (Brightness)", 10)),
        ("a:b:0", ("a:b", 0)),
        ("a:1.5", ("a", 1.5)),
        ("a:-.25", ("a", -0.25)),
        ("a:2.", ("a", 2)),
    ],
)
def test_a_slider_on_the_command_line(text: str, expected: tuple[str, float]) -> None:
    assert parse_slider(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "Brightness",
        "Brightness:",
        ":5",
        "a:1,5",
        "a:.",
        "a:1e1",
        "a:nan",
        "a:five",
        "a:5:",
        "a:1_0",
        "a:٣",
    ],
)
def test_what_is_no_slider_setting(text: str) -> None:
    expected = f"the slider setting is {text!r}, expected LABEL:POSITION or INDEX:POSITION"
    with pytest.raises(RequestError, match=re.escape(expected)) as raised:
        parse_slider(text)
    assert one_line(raised)


# Positions.


def test_what_is_not_set_stays_where_it_is() -> None:
    setting = slider_positions(SLIDERS, [("texture", -4), (3, 2)])
    assert setting.positions == (0, -4, 0, 2)
    assert setting.warnings == ()
    again = slider_positions(SLIDERS, [("3", 0)], base=setting.positions)
    assert again.positions == (0, -4, 0, 0)
    assert slider_positions(SLIDERS, [], base=[np.int64(1), 2]).positions == (1, 2, 0, 0)
    assert all(type(position) is int for position in again.positions)


@pytest.mark.parametrize(
    ("position", "warning"),
    [
        (-7, None),
        (6, None),
        (7, "slider 0 'PC1 (Brightness)' at 7 is outside its safe range, -7 to 6:"),
        (-9, "slider 0 'PC1 (Brightness)' at -9 is outside its safe range"),
        (9, "slider 0 'PC1 (Brightness)' at 9 is far outside what the model has learned (safe:"),
        (-10, "slider 0 'PC1 (Brightness)' at -10 is far outside"),
    ],
)
def test_warnings(position: int, warning: str | None) -> None:
    found = slider_positions(SLIDERS, [(0, position), (1, 1)]).warnings
    assert len(found) == (warning is not None)
    assert not warning or found[0].startswith(warning)


def test_a_slider_at_0_never_warns() -> None:
    sliders = make_bank(min_step=1, safe_min_step=2, warning_min_step=1).sliders
    setting = slider_positions(sliders, [(1, 1)])
    assert setting.positions == (0, 1, 0, 0)
    assert len(setting.warnings) == 1


@pytest.mark.parametrize(
    ("assignments", "base", "message"),
    [
        ([(0, 11)], (), "slider 0 'PC1 (Brightness)' is set to 11, expected a number from"),
        ([("PC2", -11)], (), "slider 1 'PC2 (Texture)' is set to -11, expected a number"),
        ([(0, 10**400)], (), "slider 0 'PC1 (Brightness)' is set to 1000"),
        ([(0, 10.5)], (), "slider 0 'PC1 (Brightness)' is set to 10.5, expected"),
        ([(0, float("nan"))], (), "slider 0 'PC1 (Brightness)' is set to nan, expected"),
        ([(0, True)], (), "is set to True, expected a number from -10 to 10"),
        ([(0, "1")], (), "is set to '1', expected"),
        ([], (0, 0, 0, 11), "slider 3 'PC4 (Loudness)' is set to 11, expected"),
        ([], (0,) * 5, "there are 5 slider positions, expected one for each of the 4 sliders"),
        ([(0, 1), ("Brightness", 2)], (), "slider 0 'PC1 (Brightness)' is set twice"),
        ([("Loudness", 1)], (), "'Loudness' fits 2 sliders"),
    ],
)
def test_what_is_no_position(assignments: Any, base: Any, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)) as raised:
        slider_positions(SLIDERS, assignments, base=base)
    assert one_line(raised)


@given(st.integers(0, 2**32 - 1))
def test_random_positions_are_safe(seed: int) -> None:
    drawn = random_positions(SLIDERS, seed)
    assert drawn == random_positions(SLIDERS, seed)
    assert slider_positions(SLIDERS, [], base=drawn).warnings == ()


def test_random_positions_keep_to_the_range_and_need_a_safe_one() -> None:
    beyond = make_bank(safe_min_step=9, safe_max_step=99).sliders
    assert {p for seed in range(20) for p in random_positions(beyond, seed)} == {9, 10}
    nowhere = make_bank(safe_min_step=1, safe_max_step=0).sliders
    assert random_positions(nowhere, 3) == (0, 0, 0, 0)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True, "3"])
def test_random_positions_need_a_seed(seed: Any) -> None:
    with pytest.raises(RequestError, match="seed is"):
        random_positions(SLIDERS, seed)


# Vectors.


def test_all_at_0_is_the_mean() -> None:
    vector = latent_vector(BANK, [0] * 4)
    assert vector.dtype == np.float32
    np.testing.assert_array_equal(vector, np.array(BANK.mean, np.float32))


@given(positions, positions)
def test_the_vector_is_linear_in_the_positions(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    mean = np.array(BANK.mean, np.float32)
    both = latent_vector(BANK, [x + y for x, y in zip(a, b, strict=True)]) - mean
    apart = (latent_vector(BANK, a) - mean) + (latent_vector(BANK, b) - mean)
    np.testing.assert_allclose(both, apart, rtol=0.0, atol=1e-4)


@given(positions)
def test_the_vector_is_the_formula(at: tuple[int, ...]) -> None:
    steps = np.array([p * slider.step_size for p, slider in zip(at, SLIDERS, strict=True)])
    expected = np.array(BANK.mean) + steps @ np.array([slider.component for slider in SLIDERS])
    np.testing.assert_allclose(latent_vector(BANK, at), expected, rtol=0.0, atol=1e-5)


@pytest.mark.parametrize("at", [[0], [0] * 5, [0, 0, 0, 11], [0, 0, 0, 10.5]])
def test_a_vector_needs_positions(at: Any) -> None:
    with pytest.raises(RequestError):
        latent_vector(BANK, at)


@pytest.mark.parametrize("change", [{"step_size": 1e300}, {"component": (1e39,) * LATENT_DIM}])
def test_a_vector_beyond_float32_is_refused(change: dict[str, Any]) -> None:
    bank = SliderBank(BANK.mean, (replace(SLIDERS[0], **change),))
    with pytest.raises(RequestError, match="beyond float32"):
        latent_vector(bank, [1])
