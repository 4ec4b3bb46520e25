"""Tables of requests, a row a sound: JSON lines or Parquet.

A row that cannot be read is a row with an error, and costs no other. Of a row only that is read
here which lies on this machine: the preset that it names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from distill_runtime.cli.cluster.extras import require_pyarrow
from distill_runtime.cli.cluster.parquet_table import count_rows, read_rows
from distill_runtime.cli.cluster.rows import Row, read_row
from distill_runtime.cli.play.preset_name import split_preset_name
from distill_runtime.errors import InputError, RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.input_file import open_regular
from distill_runtime.files.shown import shown
from distill_runtime.generation.preset import Preset

LINES, PARQUET = (".jsonl", ".ndjson"), (".parquet",)
MAX_ROW_BYTES = 2**20
_MAX_BYTES = 2**44
_BLOCK_BYTES = 2**20


class RequestTable:
    """A file of requests.

    Args:
        path: JSON lines (.jsonl, .ndjson) or Parquet.

    Attributes:
        digest: SHA-256 of its bytes.
        count: How many rows it has; an empty line is none.

    Raises:
        RequestError: There is no such file, or it is no such table.
        DependencyError: It is Parquet, and pyarrow is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        ending = path.suffix.lower()
        if ending not in (*LINES, *PARQUET):
            raise RequestError(
                f"--requests is {shown(path)}, expected a file that ends in "
                f"{', '.join((*LINES, *PARQUET))}"
            )
        self._is_parquet = ending in PARQUET
        if self._is_parquet:
            require_pyarrow("a table in Parquet")
        with self._opened() as file:
            self.digest, self.count = _digest_and_rows(file)
        if self._is_parquet:
            with self._named():
                self.count = count_rows(path)
        if not self.count:
            raise RequestError(f"{shown(path)}: there is no row in it")

    def rows(self) -> Iterator[Row]:
        """Yield the rows, in order.

        Raises:
            RequestError: The file cannot be read any more.
        """
        with self._named():
            for row in read_rows(self._path) if self._is_parquet else self._lines():
                yield self._with_preset(row)

    def _lines(self) -> Iterator[Row]:
        with self._opened() as file:
            number = 0
            while line := file.readline(MAX_ROW_BYTES + 1):
                number += 1
                if len(line) > MAX_ROW_BYTES:
                    while line and not line.endswith(b"\n"):
                        line = file.readline(MAX_ROW_BYTES)
                    yield Row(number, error=f"the row is longer than {MAX_ROW_BYTES} bytes")
                elif line.strip():
                    yield _row_of_line(number, line)

    def _with_preset(self, row: Row) -> Row:
        """Return a row with the preset that it names written out."""
        if row.error is not None or '"preset"' not in row.text:
            return row
        try:
            values = read_row(row)
            if isinstance(values, dict) and isinstance(name := values.get("preset"), str):
                document = _preset_beside(self._path, name).document()
                return Row(row.number, json.dumps({**values, "preset": document}))
        except RequestError as error:
            return Row(row.number, error=str(error))
        return row

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        with (
            self._named(),
            open_regular(
                self._path, kind="a table of requests", max_bytes=_MAX_BYTES, error=RequestError
            ) as (file, _),
        ):
            yield file

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Name the table in complaints about it, once."""
        name = f"{shown(self._path)}: "
        try:
            yield
        except InputError as error:
            raise RequestError(f"{name}{str(error).removeprefix(name)}") from None


def _row_of_line(number: int, line: bytes) -> Row:
    try:
        return Row(number, line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError:
        return Row(number, error="the row is no UTF-8 text")


def _preset_beside(table: Path, name: str) -> Preset:
    """Read a preset that a row names: its file lies beside the table, or below.

    Raises:
        RequestError: It is not there, or no preset.
    """
    if "\0" in name or Path(name).is_absolute() or ".." in Path(name).parts:
        raise RequestError(f"preset is {brief(name)}, expected a file beside the table")
    path, preset = split_preset_name(str(table.parent / name))
    return Preset.load(path, name=preset)


def _digest_and_rows(file: BinaryIO) -> tuple[str, int]:
    """Return the SHA-256 of a file and how many lines of it are not empty."""
    digest, rows, begins = hashlib.sha256(), 0, True
    while line := file.readline(_BLOCK_BYTES):
        digest.update(line)
        rows += begins and bool(line.strip())
        begins = line.endswith(b"\n")
    return digest.hexdigest(), rows
