"""Settings of controls: what may be asked, which control is meant, and the shift it makes."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.errors import RequestError
from distill_runtime.latents.controls import (
    check_controls,
    control_shift,
    describe_controls,
    parse_control,
    resolve_control,
    resolve_controls,
    union_controls,
)
from tests.distill_runtime.made_controls import make_control

BRIGHTNESS = make_control("Brightness", seed=1)
LOUDNESS = make_control("Loudness", seed=2, step_size=0.5, safe_min_step=-4, safe_max_step=6)
CONTROLS = (BRIGHTNESS, LOUDNESS)

steps = st.floats(-20.0, 20.0)


# What may be asked.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Brightness:+3", ("Brightness", 3)),
        ("brightness:-2.5", ("brightness", -2.5)),
        (" Low end : .5 ", ("Low end", 0.5)),
        ("a:b:1", ("a:b", 1)),
    ],
)
def test_a_setting_is_read(text: str, expected: tuple[str, float]) -> None:
    assert parse_control(text) == expected


@pytest.mark.parametrize(
    "text", ["", "Brightness", "Brightness:", ":3", "Brightness:x", "B:nan", "B:1e3", "B:3\n4"]
)
def test_what_is_no_setting_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(RequestError, match="expected NAME:STEPS") as caught:
        parse_control(text)
    assert "\n" not in str(caught.value)


def test_numbers_become_plain_and_nothing_asks_nothing() -> None:
    assert check_controls({"Noise": np.float32(1.5), "Air": np.int64(2)}) == {
        "Noise": 1.5,
        "Air": 2,
    }
    assert check_controls(None) is None
    assert check_controls({}) is None


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (3, "the controls are 3, expected a mapping"),
        ([1, 2], "expected a mapping"),
        ("Brightness:3", "expected a mapping"),
        ({1: 2}, "a control is called 1, expected its name"),
        ({"a": 1, "A ": 2}, "control 'A ' is set twice"),
        ({"a": "3"}, "control 'a' is set to '3', expected a number of steps"),
        ({"a": True}, "is set to True"),
        ({"a": math.nan}, "is set to nan"),
        ({"a": math.inf}, "is set to inf"),
        ({"a": -1000.5}, "from -1000 to 1000"),
    ],
)
def test_what_cannot_be_a_setting_is_refused(setting: object, message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        check_controls(setting)


# Which control is meant.


@pytest.mark.parametrize("name", ["Loudness", "loudness", " LOUDNESS "])
def test_a_name_is_found_in_upper_and_lower_case(name: str) -> None:
    assert resolve_control(CONTROLS, name) is LOUDNESS


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(RequestError) as caught:
        resolve_control(CONTROLS, "Warmth")
    assert str(caught.value) == (
        "there is no control 'Warmth', expected one of Brightness, Loudness"
    )
    with pytest.raises(RequestError, match="this artifact has none, export its model again"):
        resolve_control((), "Warmth")


def test_settings_come_in_the_models_order_without_zeros() -> None:
    setting = resolve_controls(CONTROLS, {"loudness": 2, "brightness": -1.5})
    assert list(setting.steps.items()) == [("Brightness", -1.5), ("Loudness", 2)]
    assert setting.warnings == ()
    assert resolve_controls(CONTROLS, {"loudness": 0}).steps == {}
    assert describe_controls(setting.steps) == "Brightness -1.5, Loudness +2"


def test_a_setting_outside_the_safe_range_is_warned_of() -> None:
    setting = resolve_controls(CONTROLS, {"Loudness": 7, "Brightness": -10})
    assert setting.warnings == (
        "control Loudness at +7 is outside its safe range, -4 to 6: the sound may lose its "
        "character",
    )


# The shift.


def test_a_step_goes_its_size_along_the_direction() -> None:
    shift = control_shift(CONTROLS, {"Loudness": 3})
    assert shift.dtype == np.float32
    np.testing.assert_allclose(shift, 1.5 * np.array(LOUDNESS.direction), rtol=1e-6)
    assert np.linalg.norm(shift) == pytest.approx(1.5)


@given(steps, steps, steps)
def test_shifts_add_up(brightness: float, more: float, loudness: float) -> None:
    whole = control_shift(CONTROLS, {"Brightness": brightness + more, "Loudness": loudness})
    parts = control_shift(CONTROLS, {"Brightness": brightness})
    parts = parts + control_shift(CONTROLS, {"Brightness": more})
    parts = parts + control_shift(CONTROLS, {"Loudness": loudness})
    np.testing.assert_allclose(whole, parts, atol=1e-5)


@pytest.mark.parametrize("setting", [{}, {"Brightness": 0}, {"Brightness": -0.0, "Loudness": 0}])
def test_nothing_moves_nothing(setting: dict[str, float]) -> None:
    assert not control_shift(CONTROLS, setting).any()


def test_a_model_without_controls_is_told_so() -> None:
    with pytest.raises(RequestError, match="has no controls: export its model again"):
        control_shift((), {"Brightness": 1})


def test_what_leads_beyond_float32_is_refused() -> None:
    far = make_control("Far", step_size=1e300)
    with pytest.raises(RequestError, match="beyond float32"):
        control_shift((far,), {"Far": 1})


# Several models.


def test_models_have_their_controls_between_them() -> None:
    other = make_control("loudness", seed=5, safe_min_step=-9, safe_max_step=3)
    air = make_control("Air", seed=6)
    union = union_controls([CONTROLS, (), (air, other)])
    assert [control.name for control in union] == ["Brightness", "Loudness", "Air"]
    assert (union[1].safe_min_step, union[1].safe_max_step) == (-4, 3)
    assert union[1].direction == LOUDNESS.direction
    assert union_controls([]) == ()
