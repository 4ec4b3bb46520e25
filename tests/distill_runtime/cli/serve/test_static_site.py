"""The site as files: what the server hands out, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from distill_runtime.cli.serve import static_site
from distill_runtime.cli.serve.headers import HEADERS
from distill_runtime.cli.serve.library import Library
from distill_runtime.cli.serve.page_files import page_files
from distill_runtime.cli.serve.static_site import export_site
from distill_runtime.errors import ArtifactError, OutputError, OutputExistsError, RequestError
from tests.distill_runtime.cli.serve.conftest import PAGE


@pytest.fixture
def library(tmp_path: Path, small: bytes) -> Library:
    folder = tmp_path / "sounds"
    folder.mkdir()
    (folder / "rain.onnx").write_bytes(small)
    (folder / "a sea.onnx").write_bytes(small)
    (folder / "link.onnx").symlink_to("rain.onnx")
    return Library(folder, trust=True, say=pytest.fail)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_site_is_what_the_server_hands_out(
    page: Path, library: Library, tmp_path: Path, small: bytes
) -> None:
    assert export_site(tmp_path / "site", page_files(), library) == 3
    found = files(tmp_path / "site")
    artifacts = {f"artifacts/{name}": small for name in ("rain.onnx", "a sea.onnx", "link.onnx")}
    made = {name: found.pop(name) for name in ("artifacts.json", "README.txt", "_headers")}
    handed_out = {name: PAGE[name].encode() for name in page_files()}
    assert found == handed_out | artifacts
    assert made["artifacts.json"] == library.document()
    assert len(json.loads(made["artifacts.json"])["artifacts"]) == 3
    assert not any(path.is_symlink() for path in (tmp_path / "site").rglob("*"))
    for text in (made["README.txt"].decode(), made["_headers"].decode()):
        for name, value in HEADERS.items():
            assert f"{name}: {value}" in text
    assert made["_headers"].decode().startswith("/*\n  Cross-Origin-Opener-Policy: same-origin\n")


def test_others_may_read_the_site(page: Path, library: Library, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        export_site(tmp_path / "site", page_files(), library)
    finally:
        os.umask(before)
    assert (tmp_path / "site").stat().st_mode & 0o777 == 0o755


def test_an_empty_folder_is_taken_and_a_full_one_is_not(
    page: Path, library: Library, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    export_site(site, page_files(), library)
    before = files(site)
    with pytest.raises(OutputExistsError, match="is not empty: name a new folder"):
        export_site(site, page_files(), library)
    with pytest.raises(OutputExistsError, match="is a file: name a new folder"):
        export_site(site / "index.html", page_files(), library)
    with pytest.raises(RequestError, match="does not exist: make it first"):
        export_site(tmp_path / "no" / "site", page_files(), library)
    assert files(site) == before


def left(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in tmp_path.iterdir())


def test_a_site_that_cannot_be_written_is_not_there(
    page: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    before = left(tmp_path)
    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(OutputError, match="site cannot be written: No space left"):
        export_site(tmp_path / "site", page_files(), library)
    assert left(tmp_path) == before


def test_an_interrupted_site_is_not_there(
    page: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = left(tmp_path)
    monkeypatch.setattr(static_site, "readme", interrupt)
    with pytest.raises(KeyboardInterrupt):
        export_site(tmp_path / "site", page_files(), library)
    assert left(tmp_path) == before


def test_an_artifact_that_changes_meanwhile_ends_it(
    page: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copyfileobj

    def grow(source: Any, sink: Any) -> None:
        copy(source, sink)
        with (tmp_path / "sounds" / "rain.onnx").open("ab") as more:
            more.write(b"more")

    monkeypatch.setattr(shutil, "copyfileobj", grow)
    with pytest.raises(ArtifactError, match="was changed meanwhile: try again"):
        export_site(tmp_path / "site", page_files(), library)
    assert left(tmp_path) == ["sounds"]


def test_a_folder_that_may_not_be_written_is_told_of(
    page: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError, match=r"nothing can be written in .*: Permission denied"):
        export_site(tmp_path / "site", page_files(), library)
