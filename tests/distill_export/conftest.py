"""A small model file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from distill_export.cli import app
from distill_runtime.cli.program import run
from tests.distill_export import model_files

Content = dict[str, Any]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session", autouse=True)
def _traced_once(traced_once: None) -> None:
    """Export as often as it takes: what was traced before is not traced again."""


@pytest.fixture
def content() -> Content:
    return model_files.model_content()


@pytest.fixture
def model_path(content: Content, tmp_path: Path) -> Path:
    return model_files.write(content, tmp_path / "tiny.distill")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run distill-export and return its exit code, stdout and stderr."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["distill-export", *map(str, arguments)])
        code = run(app, "distill-export")
        out, err = capsys.readouterr()
        return code, out, err

    return call
