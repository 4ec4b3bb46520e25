"""Rows: what is asked of one sound, as it travels to where the sound is made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from distill_runtime.errors import RequestError
from distill_runtime.files.one_line import one_line


@dataclass(frozen=True)
class Row:
    """A row of a table, or what stands for one.

    Attributes:
        number: Of the line or the row, from 1; of sounds without a table, their seed.
        text: The request as JSON, which is read where the sound is made.
        error: Why there is none.
    """

    number: int
    text: str = "{}"
    error: str | None = None


def rows_of_seeds(first: int, count: int, *, randomize: bool) -> Iterator[Row]:
    """Yield a row for each of consecutive seeds."""
    more = ', "randomize": true' if randomize else ""
    for seed in range(first, first + count):
        yield Row(seed, f'{{"seed": {seed}{more}}}')


def read_row(row: Row) -> Any:
    """Return what a row asks for, as JSON gives it.

    Raises:
        RequestError: It cannot be read.
    """
    if row.error is not None:
        raise RequestError(row.error)
    try:
        return json.loads(row.text)
    except (ValueError, RecursionError) as reason:
        why = one_line(str(reason))[:100]
        raise RequestError(f"the row is no valid JSON ({why})") from None
