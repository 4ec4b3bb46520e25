"""docs/distill.md: what it shows in Python runs as it is shown."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
PAGE = (REPOSITORY / "docs" / "distill.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
LINKS = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", PAGE) if "://" not in link]


def test_there_is_something_to_run() -> None:
    assert SNIPPETS


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_snippet_runs(snippet: str, tmp_path: Path) -> None:
    (tmp_path / "ambience.distill").symlink_to(REPOSITORY / "tests/reference/demo/ambience.distill")
    subprocess.run([sys.executable, "-W", "error", "-c", snippet], check=True, cwd=tmp_path)


@pytest.mark.parametrize("link", LINKS)
def test_every_link_leads_to_a_file(link: str) -> None:
    assert (REPOSITORY / "docs" / link).exists()
