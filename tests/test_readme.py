"""The commands that the README names are there."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text()
MAKE_TARGETS = re.findall(r"^    make (\w+)", README, re.MULTILINE)


def test_the_two_commands_are_targets_of_the_makefile():
    makefile = (REPOSITORY / "Makefile").read_text()
    assert MAKE_TARGETS == ["demo", "test"]
    for target in MAKE_TARGETS:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_command_lines_are_those_of_the_package():
    project = (REPOSITORY / "pyproject.toml").read_text()
    for program in ("distill-export", "distill-run", "distill-train"):
        assert f"    {program} " in README
        assert f"\n{program} = " in project
