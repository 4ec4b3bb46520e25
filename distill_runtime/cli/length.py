"""Lengths as people type them: `90`, `1:30`, `10s`, `1m30s`, `1:02:03.5`, or bars of music."""

from __future__ import annotations

import math
import re

from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d*)?)")
_UNITS = re.compile(
    r"(?:(\d+(?:\.\d*)?)h)?(?:(\d+(?:\.\d*)?)m(?:in)?)?(?:(\d+(?:\.\d*)?)s)?(?:(\d+(?:\.\d*)?)ms)?"
)
_UNIT_SECONDS = (3600.0, 60.0, 1.0, 0.001)
_COMMA = re.compile(r"[+-]?\d+,\d+")

DEFAULT_BEATS_PER_BAR = 4


def parse_length(text: str, *, setting: str) -> float:
    """Return a length in seconds.

    Args:
        text: A number of seconds; hours, minutes and seconds between colons; or numbers with their
            units (h, m or min, s, ms), the largest first.
        setting: The argument in Python that it becomes, for the message.

    Raises:
        RequestError: It is not a length.
    """
    typed = text.strip()
    try:
        return float(typed)  # judged as a number where it is used
    except ValueError:
        pass
    compact = typed.lower().replace(" ", "")
    if clock := _CLOCK.fullmatch(compact):
        hours, minutes, seconds = (float(part or 0) for part in clock.groups())
        if seconds < 60 and (clock[1] is None or minutes < 60):
            return hours * 3600 + minutes * 60 + seconds
    elif compact and (units := _UNITS.fullmatch(compact)):
        return math.fsum(
            float(part or 0) * seconds
            for part, seconds in zip(units.groups(), _UNIT_SECONDS, strict=True)
        )
    point = f": write {typed.replace(',', '.')}" if _COMMA.fullmatch(typed) else ""
    expected = "expected seconds, or a length such as 10s, 1:30 or 1m30s"
    raise RequestError(f"{setting} is {brief(text)}, {expected}{point}", setting=setting)


def seconds_of_bars(bars: float, *, bpm: float, beats_per_bar: int) -> float:
    """Return how many seconds so many bars take.

    Args:
        bars: How many, or fractions of one.
        bpm: Beats a minute.
        beats_per_bar: Beats in a bar.

    Raises:
        RequestError: One of them is not above 0.
    """
    for option, value, what in (
        ("--bars", bars, "bars"),
        ("--bpm", bpm, "beats a minute"),
        ("--beats-per-bar", beats_per_bar, "beats"),
    ):
        if not 0 < value < math.inf:
            raise RequestError(f"{option} is {value:g}, expected a number of {what} above 0")
    return bars * beats_per_bar * 60 / bpm
