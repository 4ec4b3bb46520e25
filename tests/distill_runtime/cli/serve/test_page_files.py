"""The files of the page, as they lie in the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_runtime.cli.serve import page_files
from distill_runtime.errors import DependencyError


def test_all_but_the_template_and_what_is_hidden_is_the_page(page: Path) -> None:
    files = page_files.page_files()
    assert sorted(files) == ["deep/worker.mjs", "index.html", "page.js", "runtime.wasm"]
    assert all(files[name] == (page / name).read_bytes() for name in files)
    assert page_files.player_template() == (page / "player.html").read_bytes()


def test_it_lies_in_the_package() -> None:
    assert str(page_files.page_folder()) == str(Path(page_files.__file__).with_name("page"))


@pytest.mark.parametrize("left", [None, "page.js", "player.html"])
def test_a_page_that_is_not_built_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str | None
) -> None:
    folder = tmp_path / "page"
    if left:
        folder.mkdir()
        (folder / left).write_text("no place for a model", "utf-8")
    monkeypatch.setattr(page_files, "page_folder", lambda: folder)
    for read in (page_files.page_files, page_files.player_template):
        with pytest.raises(DependencyError, match="the page is not built here: run make page"):
            read()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("deep/worker.mjs", "text/javascript; charset=utf-8"),
        ("RUNTIME.WASM", "application/wasm"),
        ("rain.onnx", "application/octet-stream"),
        ("LICENSE", "application/octet-stream"),
        ("page.exe", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_name_says(name: str, expected: str) -> None:
    assert page_files.content_type(name) == expected
