"""Under STRICT=1 a skipped test is a failure, in one process and in many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

SKIPPED = """
import pytest

@pytest.fixture
def lacking():
    pytest.skip("nothing there")

def test_skips_itself():
    pytest.skip("not here")

@pytest.mark.skip(reason="never")
def test_is_marked():
    pass

def test_lacks_a_fixture(lacking):
    pass

@pytest.mark.xfail(raises=ZeroDivisionError, strict=True)
def test_fails_as_expected():
    1 / 0

def test_passes():
    pass
"""
WHOLE_MODULE = "import pytest\npytest.importorskip('no_such_package')\n"


@pytest.mark.parametrize("workers", ["0", "1"])
def test_whatever_is_skipped_fails(tmp_path: Path, workers: str) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_some.py").write_text(SKIPPED)
    (tmp_path / "test_module.py").write_text(WHOLE_MODULE)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": str(REPOSITORY), "STRICT": "1"}
    options = ["-n", workers, "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    # One in its call, two in their setup, and the module.
    assert "1 failed, 1 passed, 1 xfailed, 3 errors" in done.stdout, done.stdout + done.stderr
    for reason in ("not here", "never", "nothing there", "no_such_package"):
        assert reason in done.stdout
    assert done.returncode == 1
