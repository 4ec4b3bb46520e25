"""Folders that are made for sounds, and where the picture is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distill_runtime import Artifact, BackendError
from tests.ordinary_user import as_ordinary_user

SHORT = ("rain.onnx", "-d", 0.1, "-s", 7)


@pytest.mark.parametrize("output", ["hits/", "a/b/", "./hits/"])
def test_a_name_that_ends_in_a_slash_is_a_folder_that_is_made(cli: Any, output: str) -> None:
    done = cli(*SHORT, "-o", output)
    assert (done.code, done.out) == (0, f"{Path(output, 'rain_seed7.wav')}\n")
    assert Path(output, "rain_seed7.wav").is_file()
    assert cli(*SHORT, f"--output={output}", "--format", "flac").code == 0
    assert Path(output, "rain_seed7.flac").is_file()


def test_many_sounds_make_theirs(cli: Any, folder: Path) -> None:
    done = cli(*SHORT, "-n", 2, "-o", "a/hits", "--sidecar")
    assert done.code == 0
    assert len(list((folder / "a" / "hits").iterdir())) == 4
    again = cli(*SHORT, "-n", 2, "-o", "a/hits")
    assert again.code == 1
    assert "exists" in again.err


@pytest.mark.parametrize(
    ("options", "expected", "code"),
    [
        (["-o", "rain.onnx/"], "rain.onnx is a file: where a / ends the name, give a folder", 2),
        (["-o", "rain.onnx", "-n", 2], "rain.onnx is a file: with -n, give a folder", 2),
        (["-o", "rain.onnx/hits/"], "hits cannot be made a folder: rain.onnx is a file", 1),
        (["-o", "new.flac", "-n", 2], "new.flac is the name of one sound: with -n, give", 2),
        (["-o", "none/a.wav"], "folder none does not exist: make it first", 2),
        (["-o", "hits/", "--slider", "Bass:1"], "there is no slider 'Bass'", 2),
    ],
)
def test_what_cannot_be_one_is_told_and_none_is_made(
    cli: Any, made: Any, options: list[object], expected: str, code: int
) -> None:
    done = cli(*SHORT, *options)
    assert done.code == code
    assert expected in done.complaint
    assert made() == []


@pytest.mark.parametrize("many", [[], ["-n", 3]])
@pytest.mark.parametrize("error", [BackendError("out of memory"), KeyboardInterrupt()])
def test_a_folder_that_nothing_came_into_is_not_left(
    cli: Any, made: Any, monkeypatch: pytest.MonkeyPatch, many: list[object], error: BaseException
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Artifact, "step", failing)
    assert cli(*SHORT, "-o", "a/hits/", *many).code in (1, 130)
    assert made() == []


def test_a_folder_that_may_not_be_made(cli: Any, folder: Path) -> None:
    (folder / "shut").mkdir(mode=0o555)
    code, complaint = as_ordinary_user(
        lambda: (done := cli(*SHORT, "-o", "shut/hits/"), [done.code, done.complaint])[1]
    )
    assert (code, complaint) == (1, "shut/hits cannot be made a folder: Permission denied")


def test_the_picture_is_where_it_is_said_to_be(cli: Any) -> None:
    pytest.importorskip("matplotlib")
    done = cli(*SHORT, "--plot", "-o", "a.flac", "--json")
    assert json.loads(done.out)["picture"] == "a.png"
    assert "picture in a.png" in done.err
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    assert "picture" not in json.loads(cli(*SHORT, "-o", "b.wav", "--json").out)
