"""A fader drawn as a line of characters: its ranges, its rest, and where it stands.

    ··──━━━━━━━━━━┿█████●━━━━──··     ━ safe   ─ warning   · beyond   ┿ where it rests   ● stands

Colours say the same once more, so that nothing is lost without them.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from distill_runtime.cli.live.fader import Fader

SAFE, WARNING, BEYOND = "green", "yellow", "red"
_DIM = "bright_black"


@dataclass(frozen=True)
class Glyphs:
    """The characters that bars are drawn with."""

    safe: str
    warning: str
    beyond: str
    rest: str
    filled: str
    knob: str
    chosen: str


LINES = Glyphs(safe="━", warning="─", beyond="·", rest="┿", filled="█", knob="●", chosen="›")
ASCII = Glyphs(safe="=", warning="-", beyond=".", rest="|", filled="#", knob="O", chosen=">")


def glyphs_for(encoding: str | None) -> Glyphs:
    """Return the characters that a terminal's encoding has."""
    try:
        "".join(vars(LINES).values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return LINES


def draw_bar(fader: Fader, position: float, cells: int, glyphs: Glyphs = LINES) -> Text:
    """Return a fader as so many cells.

    Args:
        fader: What is drawn.
        position: Where it stands.
        cells: How many, 2 or more.
        glyphs: With what.
    """
    knob, rest = cell_of(fader, position, cells), cell_of(fader, fader.rest, cells)
    colour = zone(fader, position)
    bar = Text(no_wrap=True, overflow="crop")
    for cell in range(cells):
        if cell == knob:
            bar.append(glyphs.knob, f"bold {colour}")
        elif min(knob, rest) < cell < max(knob, rest):
            bar.append(glyphs.filled, colour)
        elif cell == rest:
            bar.append(glyphs.rest, "default")
        else:
            here = zone(fader, value_at(fader, cell, cells))
            line = {SAFE: glyphs.safe, WARNING: glyphs.warning, BEYOND: glyphs.beyond}[here]
            bar.append(line, _DIM if here == SAFE else here)
    return bar


def zone(fader: Fader, position: float) -> str:
    """Return the colour of the range that a position is in."""
    for (low, high), colour in ((fader.safe, SAFE), (fader.warning, WARNING)):
        if low <= position <= high:
            return colour
    return BEYOND


def cell_of(fader: Fader, position: float, cells: int) -> int:
    """Return the cell, from 0, that a position falls into."""
    share = (position - fader.low) / (fader.high - fader.low)
    return min(max(round(share * (cells - 1)), 0), cells - 1)


def value_at(fader: Fader, cell: int, cells: int) -> float:
    """Return the value that a cell stands for, to half a step of the fader; its ends are exact."""
    value = fader.at(min(max(cell / (cells - 1), 0.0), 1.0))
    half = fader.step / 2.0
    return fader.within(round(value / half) * half)
