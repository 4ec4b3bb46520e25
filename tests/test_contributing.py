"""What CONTRIBUTING.md tells to type is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
HOOKS = REPOSITORY / ".ci" / "pre-commit.yaml"
PAGE = (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`| {4})make ([a-z]+)", PAGE))))
def test_a_target_that_is_named_is_in_the_makefile(target: str) -> None:
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"(?<=[ `(])(?:tests|docs|\.ci)/[\w./-]+\w", PAGE)))
)
def test_a_file_that_is_named_is_there(path: str) -> None:
    assert (REPOSITORY / path).exists()


@pytest.mark.parametrize("check", ["true", "false"])
def test_before_a_commit_make_check_runs_and_nothing_is_set_up(tmp_path: Path, check: str) -> None:
    makefile = (
        f".venv/.dev: Makefile\n\ttouch set-up\n\ncheck: .venv/.dev\n\ttouch checked\n\t{check}\n"
    )
    (tmp_path / "Makefile").write_text(makefile, "utf-8")
    shutil.copy(HOOKS, tmp_path / "hooks.yaml")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    for command in (["init", "--quiet"], ["add", "Makefile", "hooks.yaml"]):
        subprocess.run(["git", *command], cwd=tmp_path, env=variables, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--config", "hooks.yaml"],
        cwd=tmp_path,
        env=variables | {"PRE_COMMIT_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == (check == "false"), done.stdout + done.stderr
    assert (tmp_path / "checked").exists()
    assert not (tmp_path / "set-up").exists()
