"""Settings that are a share of a way: 0 is none of it, 1 all."""

from __future__ import annotations

from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, number


def check_share(setting: str, value: object) -> float:
    """Return a share as a plain float.

    Args:
        setting: What complaints call it.
        value: What was given.

    Raises:
        RequestError: It is not a number from 0 to 1.
    """
    share = number(value)
    if share is None or not 0.0 <= share <= 1.0:
        raise RequestError(
            f"{setting} is {brief(value)}, expected a number from 0 to 1", setting=setting
        )
    return share
