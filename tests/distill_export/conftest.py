"""A small model file, and one export of it that many tests share: tracing takes seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

from distill_export.cli import app
from distill_export.export import ExportReport, export_model
from distill_export.formats import onnx_program, program
from distill_runtime.cli.program import run
from tests.distill_export import model_files

Content = dict[str, Any]
Run = Callable[..., tuple[int, str, str]]
BreakGraph = Callable[[Callable[[onnx.GraphProto], None]], None]


@pytest.fixture(scope="session", autouse=True)
def _traced_once(traced_once: None, without_controls: None) -> None:
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


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model file that stays for the run."""
    folder = tmp_path_factory.mktemp("tiny")
    return model_files.write(model_files.model_content(), folder / "tiny.distill")


@pytest.fixture(scope="session")
def tiny_report(tiny_source: Path) -> ExportReport:
    """The export of a tiny model with "learned" in float32, beside it."""
    return export_model(tiny_source)


@pytest.fixture(scope="session")
def tiny_graph(tiny_report: ExportReport) -> onnx.ModelProto:
    """The graph of `tiny_report`, without its metadata."""
    model = onnx.load(tiny_report.path)
    del model.metadata_props[:]
    return model


@pytest.fixture
def break_graph(tiny_graph: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch) -> BreakGraph:
    """Let the next export's graph, and only the graph, be another than it should be.

    That it is not a known one is told first; here it goes on to what is measured of it.
    """

    def install(change: Callable[[onnx.GraphProto], None]) -> None:
        def trace(*_: Any) -> onnx.ModelProto:
            broken = onnx.ModelProto()
            broken.CopyFrom(tiny_graph)
            change(broken.graph)
            return broken

        monkeypatch.setattr(program, "trace", trace)
        monkeypatch.setattr(onnx_program, "require_known", lambda *_, **__: None)

    return install


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty but for what a test puts there."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def traced(tiny_report: ExportReport, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give exports the graph of `tiny_report` for theirs; return where it lies."""
    monkeypatch.setattr(program, "trace", lambda _: onnx.load(tiny_report.path))
    return tiny_report.path
