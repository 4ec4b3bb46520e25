"""Lengths as people type them."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.cli.length import parse_length, seconds_of_bars
from distill_runtime.errors import RequestError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("2.5", 2.5),
        ("1e1", 10),
        ("-3", -3),  # a number: refused where durations are judged
        ("10s", 10),
        ("1m30s", 90),
        ("1 m 30 s", 90),
        ("1.5m", 90),
        ("2min", 120),
        ("1H", 3600),
        ("1h2m3.5s", 3723.5),
        ("500ms", 0.5),
        ("5ms", 0.005),
        ("1:30", 90),
        ("01:05", 65),
        ("90:00", 5400),
        ("0:00.25", 0.25),
        ("1:02:03.5", 3723.5),
        (" 1:30 ", 90),
    ],
)
def test_a_length(text: str, seconds: float) -> None:
    assert parse_length(text, setting="duration_s") == pytest.approx(seconds, rel=1e-12)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_two_ways_to_write_one_length(hours: int, minutes: int, seconds: int) -> None:
    clock = parse_length(f"{hours}:{minutes:02}:{seconds:02}", setting="a")
    units = parse_length(f"{hours}h{minutes}m{seconds}s", setting="a")
    assert clock == units == hours * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "s", "ten", "1:3O", "1:60", "1:60:00", "1:2:3:4", ":30", "1:", "-1:30"),
        *("1s1m", "30s1m", "1.5:30", "1:30s", "10 bananas", "1m30", "1,5m", "1:30:"),
    ],
)
def test_what_is_no_length_is_told_in_one_line(text: str) -> None:
    with pytest.raises(RequestError) as refused:
        parse_length(text, setting="duration_s")
    assert str(refused.value) == (
        f"duration_s is {text!r}, expected seconds, or a length such as 10s, 1:30 or 1m30s"
    )
    assert refused.value.setting == "duration_s"


def test_a_comma_is_mended() -> None:
    with pytest.raises(RequestError, match=r"duration_s is '0,5', .*: write 0\.5$"):
        parse_length("0,5", setting="duration_s")


@given(st.text())
def test_whatever_is_typed_is_a_number_or_refused(text: str) -> None:
    try:
        seconds = parse_length(text, setting="duration_s")
    except RequestError as error:
        assert "\n" not in str(error)
    else:
        assert isinstance(seconds, float)


@pytest.mark.parametrize(
    ("bars", "bpm", "beats_per_bar", "seconds"),
    [(4, 120, 4, 8), (2, 90, 3, 4), (0.5, 60, 4, 2), (4, 128, 4, 7.5)],
)
def test_bars(bars: float, bpm: float, beats_per_bar: int, seconds: float) -> None:
    assert seconds_of_bars(bars, bpm=bpm, beats_per_bar=beats_per_bar) == seconds


@pytest.mark.parametrize("wrong", [0, -1, math.nan, math.inf])
@pytest.mark.parametrize("name", ["bars", "bpm", "beats_per_bar"])
def test_what_is_no_number_of_bars(name: str, wrong: float) -> None:
    values = {"bars": 4, "bpm": 120, "beats_per_bar": 4, name: wrong}
    option = f"--{name.replace('_', '-')}"
    with pytest.raises(RequestError, match=re.escape(f"{option} is {wrong:g}, expected a number")):
        seconds_of_bars(values["bars"], bpm=values["bpm"], beats_per_bar=values["beats_per_bar"])
