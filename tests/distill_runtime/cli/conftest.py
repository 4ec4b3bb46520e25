"""The program as its user has it: in a folder of its own, with a real artifact in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from distill_runtime.cli import program as command_line
from distill_runtime.cli.app import app


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line of a run that was refused."""
        assert self.out == ""
        assert self.err.startswith("distill-run: ")
        assert self.err.count("\n") == 1
        return self.err.removeprefix("distill-run: ").rstrip("\n")


@pytest.fixture
def folder(tmp_path: Path, demo_artifact: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, which has the artifact rain.onnx in it."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "rain.onnx").hardlink_to(demo_artifact)
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def sea(folder: Path, reference_artifact: Path) -> str:
    """Put an artifact of another model into the folder and return its name."""
    (folder / "sea.onnx").hardlink_to(reference_artifact)
    return "sea.onnx"


@pytest.fixture
def cli(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Run the program in this process."""
    del folder

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["distill-run", *map(str, arguments)])
        code = command_line.run(app, "distill-run")
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture
def process(folder: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Start the program as a process of its own."""
    del folder

    def start(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, "-m", "distill_runtime", *map(str, arguments)]
        # Without a buffer: a line that a test reads takes no other with it.
        return subprocess.Popen(command, bufsize=0, **{**streams, **options})

    return start


@pytest.fixture
def made(folder: Path) -> Callable[[], list[str]]:
    """Return the names of what lies in the folder beside its artifacts."""

    def names() -> list[str]:
        return sorted(name for name in os.listdir(folder) if name not in ("rain.onnx", "sea.onnx"))  # noqa: PTH208

    return names
