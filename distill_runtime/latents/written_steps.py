"""Settings as they are typed: a name and a number of steps, with a colon between."""

from __future__ import annotations

import re

_STEPS = re.compile(r"[+-]?([0-9]{1,6}(\.[0-9]{0,9})?|\.[0-9]{1,9})")


def split_steps(text: str) -> tuple[str, float] | None:
    """Split `NAME:STEPS` at the last colon.

    Returns:
        The name as it was written, and the steps, an int where they are whole; None if the text
        is not of this form.
    """
    name, colon, steps = (part.strip() for part in text.rpartition(":"))
    if not (name and colon and _STEPS.fullmatch(steps)):
        return None
    return name, plain_position(float(steps))


def plain_position(position: float) -> float:
    """Return a position as an int where it is whole, which is how a recipe shows it."""
    return int(position) if float(position).is_integer() else float(position)
