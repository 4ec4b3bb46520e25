"""Running the JavaScript library's tests in Node.js."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
LIBRARY = REPOSITORY / "hosts" / "js"
LOCK = LIBRARY / "package-lock.json"
TESTS = REPOSITORY / "tests" / "hosts" / "js"


def run_in(
    folder: Path, command: list[Any], variables: Mapping[str, object] | None = None
) -> subprocess.CompletedProcess[str]:
    own = {name: str(value) for name, value in (variables or {}).items()}
    return subprocess.run(
        list(map(str, command)),
        check=False,
        cwd=folder,
        env={**os.environ, **own},
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )


def passes(node: str, test: str, variables: Mapping[str, object]) -> None:
    """Run a file of tests in Node; one that is skipped has not passed."""
    reporter = ["--test-reporter", "tap"]
    done = run_in(TESTS, [node, "--test", *reporter, f"{test}.test.js"], variables)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    assert int(re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)[1]) > 0
    assert "\n# skipped 0\n" in done.stdout
