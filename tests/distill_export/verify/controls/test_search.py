"""Finding controls in a model whose directions are known, and measuring what they do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_export.verify.controls.directions import separated, slopes
from distill_export.verify.controls.effort import EFFORTS, Effort
from distill_export.verify.controls.search import find_controls, random_latents
from distill_export.verify.controls.slider_labels import labelled, slider_words
from distill_export.verify.controls.sound_figures import COLUMNS, FIGURES
from distill_export.verify.controls.sweep import Sweep, sweep
from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.contract import Slider, SliderBank

DIM = 16
EFFORT = Effort(
    whole=True,
    samples=200,
    entanglements=(0.1, 1.0, math.inf),
    trial_places=5,
    places=8,
    slider_places=6,
)
BRIGHTNESS, LOUDNESS, NOISE, TONE = map(COLUMNS.index, ("Brightness", "Loudness", "Noise", "Tone"))
RANDOM = np.random.default_rng(0)
AXES = np.linalg.qr(RANDOM.standard_normal((DIM, DIM)))[0]


def planted(latents: Float32Array) -> Float64Array:
    """Figures of a model with a brightness, and a loudness that is entangled with it.

    The noise follows nothing that a straight line could; what remains is the same everywhere.
    """
    figures = np.zeros((len(latents), len(COLUMNS)))
    along = latents @ AXES[:3].T
    figures[:, BRIGHTNESS] = 9.0 + 0.5 * np.tanh(along[:, 0] / 3)
    figures[:, LOUDNESS] = -40.0 + 8.0 * (0.6 * along[:, 0] + 0.8 * along[:, 1])
    figures[:, NOISE] = along[:, 2] ** 2
    return figures


CONTROLS = find_controls(planted, DIM, EFFORT, lambda message: None)


def test_planted_directions_are_found_and_nothing_else_is() -> None:
    assert [control.name for control in CONTROLS] == ["Brightness", "Loudness"]
    brightness, loudness = CONTROLS
    assert brightness.correlation == loudness.correlation == 1.0
    for control in CONTROLS:
        assert np.linalg.norm(control.direction) == pytest.approx(1.0, abs=1e-4)
        assert (control.safe_min_step, control.safe_max_step) == (-10, 10)
        assert control.places == EFFORT.places
    assert (brightness.unit, brightness.is_level) == ("octaves", False)
    assert (loudness.unit, loudness.is_level) == ("dB", True)


def test_they_are_turned_away_from_each_other() -> None:
    """Alone, each would drag the other along by 0.6 of its own change and more."""
    brightness, loudness = CONTROLS
    assert brightness.leaks_into == "Loudness"
    assert loudness.leaks_into == "Brightness"
    assert brightness.leak < 0.3
    assert loudness.leak < 0.3
    apart = AXES[0] * 0.8 - AXES[1] * 0.6  # where the loudness stays
    assert np.array(brightness.direction) @ apart > 0.9


def test_a_step_changes_what_is_told() -> None:
    loudness = CONTROLS[1]
    way = np.array(loudness.direction) * loudness.step_size
    places = random_latents(99, 20, DIM)
    change = (planted(places + 10 * way) - planted(places - 10 * way))[:, LOUDNESS] / 20
    assert change.mean() == pytest.approx(loudness.change_per_step, rel=0.01)


def test_the_same_model_gives_the_same_controls() -> None:
    assert find_controls(planted, DIM, EFFORT, lambda message: None) == CONTROLS


def test_what_is_being_done_is_told() -> None:
    told: list[str] = []
    find_controls(planted, DIM, EFFORT, told.append)
    assert told == [
        "looking for controls in 200 random sounds",
        "comparing 9 directions",  # the noise's, too, which turns out to follow nothing
        "measuring 3 controls",
    ]


def test_a_model_that_always_plays_the_same_has_no_controls() -> None:
    def constant(latents: Float32Array) -> Float64Array:
        return np.full((len(latents), len(COLUMNS)), 3.0)

    assert find_controls(constant, DIM, EFFORT, lambda message: None) == ()


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        ([0, 1, 2, 3, 4], (0, 4)),
        ([0, 1, 2, 3, 3], (0, 3)),
        ([1, 0, 2, 5, 4], (1, 3)),
        ([5, 4, 3, 4, 2], (2, 3)),
        ([4, 3, 2, 1, 0], (0, 4)),
    ],
)
def test_the_safe_range_ends_where_a_figure_turns_back(
    course: list[float], expected: tuple[int, int]
) -> None:
    nothing = np.zeros(1)
    found = Sweep(correlations=nothing, changes=nothing, course=np.array(course, float)[:, None])
    assert found.rising(0) == expected


# Its parts.


def test_a_sweep_tells_how_figures_follow() -> None:
    places = random_latents(3, 7, DIM)
    positions = np.linspace(-2, 2, 5)
    up, down = sweep(planted, places, [AXES[1], -AXES[1]], [positions, positions])
    assert up.correlations[LOUDNESS] == pytest.approx(1.0)
    assert down.correlations[LOUDNESS] == pytest.approx(-1.0)
    assert up.changes[LOUDNESS] == pytest.approx(4 * 8 * 0.8, rel=1e-4)
    assert up.correlations[TONE] == up.changes[TONE] == 0.0
    np.testing.assert_allclose(up.course, down.course[::-1], rtol=1e-5, atol=1e-6)
    assert sweep(planted, places, [], []) == []


def test_equal_values_have_equal_ranks() -> None:
    """Spearman's correlation with ties, against scipy's."""
    scipy_stats = pytest.importorskip("scipy.stats")
    rows = np.array([[1.0, 1.0, 2.0, 0.0, 5.0], [3.0, 3.0, 3.0, 1.0, 1.0]])

    def measure(latents: Float32Array) -> Float64Array:
        return np.repeat(rows.reshape(-1, 1), len(COLUMNS), axis=1)

    found = sweep(measure, np.zeros((2, DIM)), [AXES[0]], [np.arange(5.0)])[0]
    expected = [scipy_stats.spearmanr(row, np.arange(5)).statistic for row in rows]
    assert found.correlations[0] == pytest.approx(np.mean(expected))


def test_slopes_do_not_mind_how_a_figure_is_scaled() -> None:
    latents = random_latents(4, 400, DIM)
    line = latents @ AXES[0]
    figures = np.stack([line, np.exp(3 * line), -line, np.full(400, 7.0)], axis=1)
    ways = slopes(latents, figures)
    assert ways[0] @ AXES[0] > 0.99
    np.testing.assert_allclose(ways[0], ways[1], atol=1e-12)
    np.testing.assert_allclose(ways[0], -ways[2], atol=1e-2)
    assert not ways[3].any()


@given(st.floats(0.01, 100.0))
def test_a_separated_direction_lies_between_the_pseudo_inverse_and_its_own(e: float) -> None:
    way, other = AXES[0], (AXES[0] + AXES[1]) / math.sqrt(2)
    turned = separated(way, [other, np.zeros(DIM)], e)
    assert np.linalg.norm(turned) == pytest.approx(1.0)
    apart = separated(way, [other], 0.0)
    assert apart @ other == pytest.approx(0.0, abs=1e-9)
    assert apart @ other - 1e-9 <= turned @ other <= way @ other + 1e-9
    assert separated(way, [other], math.inf) is way


def test_every_reconstruction_has_its_effort() -> None:
    assert set(EFFORTS) == {"learned", "refined"}


# Sliders.


def bank_of(*components: Float64Array) -> SliderBank:
    steps = {"min_step": -10, "max_step": 10, "safe_min_step": -8, "safe_max_step": 8}
    steps |= {"warning_min_step": -9, "warning_max_step": 9}
    return SliderBank(
        mean=(0.0,) * DIM,
        sliders=tuple(
            Slider(
                name=f"PC{i + 1}",
                label=f"PC{i + 1} (Texture)",
                component=tuple(component.tolist()),
                step_size=0.3,
                variance_explained=0.1,
                **steps,
            )
            for i, component in enumerate(components)
        ),
    )


def test_labels_are_measured_signed_and_given_once() -> None:
    bank = bank_of(-AXES[1], AXES[5], AXES[1] * 0.5 + AXES[2], AXES[0])
    found = labelled(planted, bank, places=6)
    assert [slider.label for slider in found.sliders] == [
        "Loudness -",
        "Colour 2",
        "Colour 3",
        "Brightness +",
    ]
    assert [slider.original_label for slider in found.sliders] == [
        slider.label for slider in bank.sliders
    ]
    for before, after in zip(bank.sliders, found.sliders, strict=True):
        assert (before.component, before.step_size) == (after.component, after.step_size)


def test_a_slider_without_a_safe_range_is_moved_through_its_whole_one() -> None:
    bank = bank_of(AXES[1])
    slider = bank.sliders[0]
    object.__setattr__(slider, "safe_min_step", 5)
    object.__setattr__(slider, "safe_max_step", 4)
    assert labelled(planted, bank, places=4).sliders[0].label == "Loudness +"


def test_no_sliders_need_no_words() -> None:
    assert slider_words(planted, [], [], places=3) == []


def test_figures_are_named_once() -> None:
    names = [figure.name for figure in FIGURES]
    assert len(set(map(str.casefold, names))) == len(names)
    assert [figure.name for figure in FIGURES if figure.is_level] == ["Loudness"]
