"""What OSC messages do, and which are refused."""

from __future__ import annotations

import math

import pytest

from distill_runtime.cli.live.instrument import Instrument
from distill_runtime.cli.live.osc.addresses import perform
from distill_runtime.errors import RequestError
from tests.distill_runtime.cli.live.fake_sound import FakeSound


@pytest.fixture
def sound() -> FakeSound:
    return FakeSound()


@pytest.fixture
def instrument(sound: FakeSound) -> Instrument:
    return Instrument(sound)


@pytest.mark.parametrize(
    "address",
    [
        "/distill/slider/1",
        "/distill/slider/PC2 (Loudness)",
        "/distill/slider/pc2",
        "/distill/slider/Loudness",
    ],
)
def test_a_slider_is_moved_by_index_and_label(
    instrument: Instrument, sound: FakeSound, address: str
) -> None:
    perform(instrument, address, [2.5])
    assert sound.sliders == (0.0, 2.5, 0.0)


def test_everything_else_has_an_address(instrument: Instrument, sound: FakeSound) -> None:
    perform(instrument, "/distill/control/warmth", [-3])
    assert sound.controls == {"Warmth": -3}
    perform(instrument, "/distill/drift", [0.25])
    perform(instrument, "/distill/level", [0.75])
    assert (sound.drift, instrument.output.level) == (0.25, 0.75)
    perform(instrument, "/distill/seed", [4_000_000_000])
    perform(instrument, "/distill/seed", [12.0])
    assert sound.walks == [4_000_000_000, 12]
    perform(instrument, "/distill/seed", [])
    assert len(sound.walks) == 3
    perform(instrument, "/distill/randomise", [5])
    assert any(sound.sliders)
    perform(instrument, "/distill/reset", [])
    assert not any(sound.sliders)


@pytest.mark.parametrize(
    ("values", "held"), [([1], True), ([0], False), ([True], True), ([0.0], False), ([], True)]
)
def test_hold_is_said_or_changed(
    instrument: Instrument, sound: FakeSound, values: list[object], held: bool
) -> None:
    perform(instrument, "/distill/hold", values)
    assert sound.hold is held


@pytest.mark.parametrize(
    ("address", "values", "complaint"),
    [
        ("/distill/slider/9", [1.0], "there is no slider 9"),
        ("/distill/slider/Dust", [1.0], "there is no slider 'Dust'"),
        ("/distill/slider/", [1.0], "there is no slider ''"),
        ("/distill/slider", [1.0], "there is no address '/distill/slider'"),
        ("/distill/slider/0", [], "has 0 values, expected 1"),
        ("/distill/slider/0", [1.0, 2.0], "has 2 values, expected 1"),
        ("/distill/slider/0", [10.5], "expected a number from -10 to 10"),
        ("/distill/slider/0", [math.nan], "expected a number from -10 to 10"),
        ("/distill/slider/0", ["loud"], "is to be 'loud'"),
        ("/distill/slider/0", [b"\x00" * 999], "expected a number"),
        ("/distill/slider/0", [[1.0]], "expected a number"),
        ("/distill/slider/0", [None], "expected a number"),
        ("/distill/control/Dust", [1.0], "there is no control 'Dust'"),
        ("/distill/drift", [1.1], "expected a number from 0 to 1"),
        ("/distill/seed", [-1], "-1"),
        ("/distill/seed", [0.5], "has 0.5, expected a whole number"),
        ("/distill/seed", [math.inf], "expected a whole number"),
        ("/distill/hold", [2], "has 2, expected 0 or 1"),
        ("/distill/hold", ["no"], "expected 0 or 1"),
        ("/distill/hold/0", [1], "there is no address"),
        ("/distill/" + "x" * 9999, [], "there is no address"),
        ("/other", [], "'/other' is not an address under /distill/"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_short_line(
    instrument: Instrument, sound: FakeSound, address: str, values: list[object], complaint: str
) -> None:
    with pytest.raises(RequestError) as refused:
        perform(instrument, address, values)
    assert complaint in str(refused.value)
    assert len(str(refused.value)) < 300
    assert (sound.sliders, sound.walks, sound.drift) == ((0.0, 0.0, 0.0), [], 0.0)
