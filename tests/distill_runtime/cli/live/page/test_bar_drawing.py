"""A fader as a line of characters."""

from __future__ import annotations

import pytest

from distill_runtime.cli.live.fader import Fader, faders_of
from distill_runtime.cli.live.page.bar_drawing import (
    ASCII,
    BEYOND,
    LINES,
    SAFE,
    WARNING,
    cell_of,
    draw_bar,
    glyphs_for,
    value_at,
    zone,
)
from tests.distill_runtime.cli.live.fake_sound import fake_artifact

CONTROL, SLIDER, *_, DRIFT, LEVEL = faders_of(fake_artifact())


@pytest.mark.parametrize(
    ("fader", "position", "expected"),
    [
        (SLIDER, 0.0, "·-----====O======---·"),
        (SLIDER, 3.0, "·-----====|##O===---·"),
        (SLIDER, -2.0, "·-----==O#|======---·"),
        (SLIDER, 10.0, "·-----====|#########O"),
        (SLIDER, 99.0, "·-----====|#########O"),
        (CONTROL, 1.0, "·····=====|O====·····"),
        (DRIFT, 0.0, "O===================="),
        (DRIFT, 1.0, "|###################O"),
        (LEVEL, 0.5, "==========O#########|"),
    ],
)
def test_a_bar_shows_ranges_rest_and_position(fader: Fader, position: float, expected: str) -> None:
    assert draw_bar(fader, position, 21, ASCII).plain == expected.replace("·", ".")


@pytest.mark.parametrize(
    ("position", "colour"),
    [(0, SAFE), (6, SAFE), (-4, SAFE), (7, WARNING), (-9, WARNING), (9.5, BEYOND)],
)
def test_the_colour_is_the_ranges(position: float, colour: str) -> None:
    assert zone(SLIDER, position) == colour
    knob = cell_of(SLIDER, position, 41)
    drawn = draw_bar(SLIDER, position, 41)
    styles = [str(span.style) for span in drawn.spans if span.start <= knob < span.end]
    assert styles == [f"bold {colour}"]


@pytest.mark.parametrize("cells", [2, 3, 10, 29, 43, 200])
def test_where_the_mouse_presses_the_knob_is_drawn(cells: int) -> None:
    assert (value_at(SLIDER, 0, cells), value_at(SLIDER, cells - 1, cells)) == (-10.0, 10.0)
    assert (value_at(SLIDER, -5, cells), value_at(SLIDER, 999, cells)) == (-10.0, 10.0)
    for cell in range(cells):
        value = value_at(SLIDER, cell, cells)
        assert (value * 2).is_integer()
        assert abs(cell_of(SLIDER, value, cells) - cell) <= max(1, cells // 40)


def test_a_terminal_without_the_characters_gets_others() -> None:
    assert glyphs_for("utf-8") is LINES
    assert glyphs_for("ascii") is glyphs_for("latin-1") is glyphs_for(None) is ASCII
    assert glyphs_for("no such encoding") is ASCII
    "".join(vars(ASCII).values()).encode("ascii")
