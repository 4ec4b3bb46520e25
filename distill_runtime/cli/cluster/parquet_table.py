"""Rows of a Parquet file, a few at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from distill_runtime.cli.cluster.rows import Row
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.one_line import one_line
from distill_runtime.generation.sound_request import KEYS

_ROWS_AT_ONCE = 256
_OBJECTS = ("sliders", "controls", "stereo", "preset")


def count_rows(path: Path) -> int:
    """Return how many rows a file says that it has.

    Raises:
        RequestError: It is no Parquet file, or its columns are not those of requests.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            names, rows = list(file.schema_arrow.names), int(file.metadata.num_rows)
    except Exception as reason:  # its exceptions share no base but Exception
        raise _unreadable(reason) from None
    if unknown := sorted(set(names) - set(KEYS)):
        listed = ", ".join(map(brief, unknown[:8]))
        raise RequestError(
            f"there are unknown columns, {listed}: expected some of {', '.join(KEYS)}"
        )
    if len(set(names)) < len(names):
        raise RequestError("two columns have the same name, expected one")
    return rows


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file; what is null is not asked for.

    Raises:
        RequestError: It is damaged.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415

    number = 0
    try:
        file = pq.ParquetFile(path)
    except Exception as reason:
        raise _unreadable(reason) from None
    with file:
        batches = file.iter_batches(batch_size=_ROWS_AT_ONCE, use_threads=False)
        while True:
            try:
                batch = next(batches, None)
            except Exception as reason:
                raise _unreadable(reason) from None
            if batch is None:
                return
            for index in range(batch.num_rows):
                number += 1
                yield _row(number, batch.slice(index, 1))


def _row(number: int, record: Any) -> Row:
    try:
        (values,) = record.to_pylist()
        plain = {name: _plain(name, value) for name, value in values.items() if value is not None}
        return Row(number, json.dumps(plain))
    except Exception as reason:  # a value that Python has no kind for, or JSON has not
        why = one_line(str(reason))[:100]
        return Row(number, error=f"the row holds what is no number and no text ({why})")


def _plain(name: str, value: Any) -> Any:
    """Return a value as JSON would give it; of objects, only what is not null."""
    if name in _OBJECTS and isinstance(value, list):  # a map is a list of pairs
        pairs = [item for item in value if isinstance(item, tuple) and len(item) == 2]
        value = dict(pairs) if len(pairs) == len(value) and pairs else value
    if name in _OBJECTS and isinstance(value, dict):
        return {key: item for key, item in value.items() if item is not None}
    return value


def _unreadable(reason: Exception) -> RequestError:
    return RequestError(f"it cannot be read as Parquet ({one_line(str(reason))[:100]})")
