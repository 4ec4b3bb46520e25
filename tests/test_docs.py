"""The documentation that is made from the programs is up to date."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_on_the_command_lines_is_up_to_date():
    generate = runpy.run_path(str(DOCS / "generate_cli.py"))["generate"]
    assert (DOCS / "cli.md").read_text() == generate(), "run make docs"


def test_the_table_of_variants_is_what_the_metadata_say(demo_variants):
    page = runpy.run_path(str(DOCS / "generate_variants.py"))
    found, expected = (
        [line.strip("| ").split(" | ") for line in table.splitlines()]
        for table in (page["read"](), page["generate"](demo_variants))
    )
    assert len(found) == len(expected) == 5
    for line, up_to_date in zip(found, expected, strict=True):
        # The last two are speeds, of the machine that the table was made on.
        assert line[:-2] == up_to_date[:-2], "run make docs"
    int8 = float(found[-1][-2].removesuffix(" x"))
    assert int8 >= 2, "run make docs where nothing else runs"
