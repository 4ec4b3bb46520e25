"""A page with a model in it, as `distill-export --format html` writes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distill_export.export import ExportReport, export_model
from distill_export.formats.names import default_name
from distill_runtime import Artifact, verify
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.page_file import MARKER
from distill_runtime.cli.serve import page_files
from distill_runtime.contract import HTML
from distill_runtime.errors import (
    DependencyError,
    OutputExistsError,
    RequestError,
    VerificationError,
)
from tests.distill_export.model_files import complaint

TEMPLATE = b"<!doctype html>\n<title>Distill</title>" + MARKER + b"<script>play()</script>\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a page of a few lines into the real one's place."""
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "player.html").write_bytes(TEMPLATE)
    monkeypatch.setattr(page_files, "page_folder", lambda: folder)
    return folder


def test_the_page_plays_what_the_artifact_does(
    tiny_source: Path, tiny_report: ExportReport, tmp_path: Path
) -> None:
    report = export_model(
        tiny_source, tmp_path / "rain.html", format=HTML, precision="float32", controls=False
    )
    page = report.path.read_bytes()
    before, after = TEMPLATE.split(MARKER)
    assert page.startswith(before + b'<script id="distill-model" ')
    assert b' data-name="rain.onnx">' in page
    assert page.endswith(b"</script>" + after)
    assert report.size_bytes == len(page)
    artifact, alone = Artifact.load(report.path), Artifact.load(tiny_report.path)
    assert artifact.metadata.weights_sha256 == alone.metadata.weights_sha256
    latents = np.ones((1, 3, artifact.latent_dim), np.float32)
    np.testing.assert_array_equal(artifact.render(latents), alone.render(latents))
    assert verify(artifact).passed


def test_it_has_bytes_for_weights_unless_told_otherwise(
    command: Run, tiny_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, said = command(tiny_source, "--format", "html", "--force", "--no-controls")
    assert (code, out) == (0, "tiny.html\n")
    file = ArtifactFile.inspect("tiny.html")
    assert (file.format, file.metadata.precision) == (HTML, "int8")
    assert f"tiny.html: {file.size_bytes / 1e6:.1f} MB" in said
    assert [path.name for path in tmp_path.glob("*tiny*")] == ["tiny.html"]


def test_names_tell_what_is_not_usual() -> None:
    source = Path("rain.distill")
    assert default_name(source, format=HTML) == "rain.html"
    assert default_name(source, format=HTML, precision="int8") == "rain.html"
    assert default_name(source, format=HTML, precision="float32") == "rain_float32.html"


def test_without_a_page_nothing_is_written(
    command: Run, page: Path, tiny_source: Path, tmp_path: Path
) -> None:
    (page / "player.html").unlink()
    code, out, said = command(tiny_source, "--format", "html", "-o", tmp_path / "rain.html")
    assert (code, out) == (1, "")
    assert said.splitlines()[-1].startswith("distill-export: the page is not built here: run make")
    with pytest.raises(DependencyError):
        export_model(tiny_source, tmp_path / "rain.html", format=HTML)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page"]


def test_what_does_not_agree_is_not_written(
    break_graph: Callable[..., None], tiny_source: Path, tmp_path: Path
) -> None:
    def louder(graph: object) -> None:
        tensors = {tensor.name: tensor for tensor in graph.initializer}  # type: ignore[attr-defined]
        largest = max(tensors.values(), key=lambda tensor: len(tensor.raw_data))
        values = np.frombuffer(largest.raw_data, np.float32) * np.float32(1.1)
        largest.raw_data = values.tobytes()

    break_graph(louder)
    with pytest.raises(VerificationError, match="nothing was written"):
        export_model(tiny_source, tmp_path / "rain.html", format=HTML, precision="float32")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page"]


def test_another_ending_and_a_file_that_is_there_are_refused(
    command: Run, tiny_source: Path, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match=r"give --format html, or a name that ends in \.onnx"):
        export_model(tiny_source, tmp_path / "rain.html")
    with pytest.raises(RequestError, match=r"give --format onnx, or a name that ends in \.html"):
        export_model(tiny_source, tmp_path / "rain.onnx", format=HTML)
    (tmp_path / "rain.html").write_text("mine", "utf-8")
    with pytest.raises(OutputExistsError):
        export_model(tiny_source, tmp_path / "rain.html", format=HTML)
    code, _, said = command(tiny_source, "--format", "html", "-o", tmp_path / "rain.html")
    assert code == 2
    assert "--force" in complaint(said)
    assert (tmp_path / "rain.html").read_text("utf-8") == "mine"
