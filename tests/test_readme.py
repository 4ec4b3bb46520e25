"""What the README shows works as it is shown."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
LINKS = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
MAKE_TARGETS = re.findall(r"^    make (\w+)", README, re.MULTILINE)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_snippet_runs(snippet, demo_artifact, tmp_path):
    shutil.copy(demo_artifact, tmp_path / "ambience.onnx")
    subprocess.run([sys.executable, "-W", "error", "-c", snippet], check=True, cwd=tmp_path)
    assert (tmp_path / "ambience.wav").is_file()


@pytest.mark.parametrize("link", LINKS)
def test_every_link_leads_to_a_file(link):
    assert (REPOSITORY / link).exists()


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
