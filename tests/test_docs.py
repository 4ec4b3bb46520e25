"""The documentation that is made from the programs is up to date."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_on_the_command_lines_is_up_to_date():
    generate = runpy.run_path(str(DOCS / "generate_cli.py"))["generate"]
    assert (DOCS / "cli.md").read_text() == generate(), "run make docs"
