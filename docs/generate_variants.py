"""Writes the README's table of variants from the model of 128 latent values; `make docs` runs it.

The speeds are those of the machine that it runs on; everything else is the model's.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from distill_export.comparison import HEADING, rows
from distill_export.export import ExportReport, export_all

REPOSITORY = Path(__file__).parents[1]
README = REPOSITORY / "README.md"
MODEL = REPOSITORY / "tests" / "reference" / "demo" / "ambience.distill"  # as the tests export
PLACE = re.compile(r"(?<=<!-- make docs: variants -->\n).*?(?=<!-- end -->)", re.DOTALL)


def generate(reports: Sequence[ExportReport]) -> str:
    """Return the table as Markdown."""
    lines = [HEADING, ["---"] * len(HEADING), *rows(reports)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def read() -> str:
    """Return the table that the README has."""
    found = PLACE.search(README.read_text())
    assert found is not None, "the README has no place for the table"
    return found.group().strip("\n") + "\n"


def write(table: str) -> None:
    """Put a table into the README."""
    README.write_text(PLACE.sub(lambda _: f"\n{table}\n", README.read_text()))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        write(generate(export_all(MODEL, Path(folder))))
