"""Python environments beside the one that runs the tests; `make test` sets them up."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


def python(environment: str) -> Path:
    """Return the interpreter of an environment, whether or not it is there."""
    return REPOSITORY / environment / "bin" / "python"


def needs(interpreter: Path) -> pytest.MarkDecorator:
    """Skip a module's tests where their environment is not there."""
    target = interpreter.parents[1].relative_to(REPOSITORY) / ".installed"
    return pytest.mark.skipif(not interpreter.exists(), reason=f"not set up: make {target}")


def run(
    interpreter: Path, *arguments: object, path: list[Path], folder: Path, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run Python in an environment, with nothing but `path` beside its own packages.

    Args:
        interpreter: As `python` returns it.
        *arguments: Of the interpreter.
        path: Folders with modules.
        folder: Where to run.
        code: The exit code that is expected.
    """
    variables = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    variables["PYTHONPATH"] = os.pathsep.join(map(str, path))
    variables["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        [interpreter, *map(str, arguments)],
        env=variables,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done
