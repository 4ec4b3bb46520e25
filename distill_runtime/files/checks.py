"""What counts as a whole number and as a number, wherever a value comes from, and how it is told.

Python's bool is an int and numpy's numbers are not: both are judged here alone.
"""

from __future__ import annotations

import math
import numbers
import reprlib
from typing import cast

# Of a value that may be anything, only what a message has room for is written out at all.
_SHORT = reprlib.Repr()
_SHORT.maxlevel = 3
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 100


def whole(value: object) -> int | None:
    """Return a whole number as a plain int, numpy's included; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        return None
    return int(value)


def number(value: object) -> float | None:
    """Return a real number as a plain float, numpy's included; None for anything else.

    An integer beyond the range of a float becomes infinity, and NaN stays NaN.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if cast(int, value) > 0 else -math.inf


def finite(value: object) -> float | None:
    """Return a finite real number as a plain float; None for anything else."""
    found = number(value)
    return found if found is not None and math.isfinite(found) else None


def brief(value: object, most: int = 40) -> str:
    """Return a value as a message shows it: in one line, of at most so many characters."""
    try:
        text = " ".join(_SHORT.repr(value).split())
    except ValueError:  # an integer of too many digits
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= most else text[: most - 3] + "..."
