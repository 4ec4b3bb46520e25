"""A folder of artifacts in a table."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from distill_runtime.artifact.page_file import MARKER, packed


def test_a_table_of_what_is_there(cli: Any, sea: str, folder: Path) -> None:
    (folder / "notes.txt").write_text("no artifact", encoding="utf-8")
    done = cli("list", ".")
    assert (done.code, done.err) == (0, "")
    heading, *rows = done.out.splitlines()
    assert heading.split() == [
        *("file", "sound", "precision", "format", "size"),
        *("model", "dataset", "sliders", "date"),
    ]
    assert sorted(row.split()[0] for row in rows) == ["rain.onnx", sea]
    size = f"{os.path.getsize('rain.onnx') / 1e6:.1f} MB"  # noqa: PTH202
    (rain,) = [row for row in rows if row.startswith("rain.onnx")]
    assert size in rain
    assert " 8 " in rain
    assert " float32 " in rain
    assert " onnx " in rain
    assert cli("list").out == done.out


def test_what_is_no_artifact_is_named_and_skipped(cli: Any, folder: Path) -> None:
    (folder / "broken.onnx").write_bytes(b"no artifact")
    (folder / "empty.onnx").touch()
    (folder / "folder.onnx").mkdir()
    (folder / "gone.onnx").symlink_to("nowhere")
    done = cli("list")
    assert done.code == 0
    assert len(done.out.splitlines()) == 2
    told = done.err.splitlines()
    for name, line in zip(("broken", "empty", "folder", "gone"), told, strict=True):
        assert line.startswith(f"skipped {name}.onnx: ")


def test_json_is_an_object_a_line(cli: Any, sea: str) -> None:
    done = cli("list", "--json")
    objects = [json.loads(line) for line in done.out.splitlines()]
    assert [one["path"] for one in objects] == ["rain.onnx", sea]
    assert all(one["size_bytes"] > 10**6 for one in objects)
    assert all(one["metadata"]["format"] == "distill.artifact" for one in objects)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_empty_folder_has_nothing_to_print(cli: Any, folder: Path, options: list[str]) -> None:
    (folder / "empty").mkdir()
    done = cli("list", "empty", *options)
    assert (done.code, done.out) == (0, "")
    assert done.err == ("" if options else "there is no artifact in empty\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["none"], "none is not a folder: give the folder that holds the artifacts"),
        (["rain.onnx"], "rain.onnx is not a folder"),
        ([".", "."], "'.', '.' are 2 paths, expected one"),
    ],
)
def test_misuse_is_one_line(cli: Any, arguments: list[str], expected: str) -> None:
    done = cli("list", *arguments)
    assert done.code == 2
    assert expected in done.complaint


def test_a_page_with_a_model_is_listed_and_others_are_passed_over(cli: Any, folder: Path) -> None:
    page = packed(b"<!doctype html>" + MARKER, Path("rain.onnx").read_bytes(), name="rain.onnx")
    (folder / "rain.html").write_bytes(page)
    (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
    (folder / "broken.html").write_bytes(page[:-20])
    done = cli("list")
    rows = [row.split() for row in done.out.splitlines()[1:]]
    assert {row[0]: row[3] for row in rows} == {"rain.html": "html", "rain.onnx": "onnx"}
    assert done.err == "skipped broken.html: is a page that is cut off: its model has no end\n"
    assert "is whole and sounds as it did" in cli("verify", "rain.html").out
