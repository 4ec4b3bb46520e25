from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from distill_export.training.data.folder import find_files
from distill_runtime.errors import RecordingError
from tests.ordinary_user import as_ordinary_user

unix_only = pytest.mark.skipif(not hasattr(os, "fork"), reason="links and users as Unix has them")


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(name.encode())
    return folder


def found_in(folder: Path) -> tuple[list[str], list[str]]:
    said: list[str] = []
    files = find_files(folder, warn=said.append)
    return [path.relative_to(folder).as_posix() for path in files], sorted(said)


def test_files_are_found_in_a_fixed_order(tmp_path: Path) -> None:
    make(tmp_path, "b.wav", "a.wav", "sub/c.wav", ".hidden.wav", ".git/d.wav")
    assert found_in(tmp_path) == (["a.wav", "b.wav", "sub/c.wav"], [])


@unix_only
def test_what_is_not_a_file_is_named(tmp_path: Path) -> None:
    make(tmp_path, "a.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "broken.wav").symlink_to("nowhere")
    (tmp_path / "self").symlink_to("self")
    assert found_in(tmp_path) == (
        ["a.wav"],
        [
            "skipped broken.wav: it is a link that leads nowhere",
            "skipped pipe.wav: it is neither a file nor a folder",
            "skipped self: it cannot be looked at (Too many levels of symbolic links)",
        ],
    )


@unix_only
def test_links_are_followed(tmp_path: Path) -> None:
    make(tmp_path, "elsewhere/one.wav", "elsewhere/deep/two.wav", "single.wav", "rec/own.wav")
    (tmp_path / "rec" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "rec" / "single.wav").symlink_to("../single.wav")
    names, said = found_in(tmp_path / "rec")
    assert names == ["linked/deep/two.wav", "linked/one.wav", "own.wav", "single.wav"]
    assert not said


@unix_only
def test_loops_are_not_followed_and_nothing_is_read_twice(tmp_path: Path) -> None:
    make(tmp_path, "rec/z/one.wav", "rec/two.wav")
    (tmp_path / "rec" / "z" / "up").symlink_to("..")
    (tmp_path / "rec" / "a").symlink_to("z")  # comes first, but the folder itself has precedence
    (tmp_path / "rec" / "out").symlink_to("..")
    names, said = found_in(tmp_path / "rec")
    assert names == ["two.wav", "z/one.wav"]
    assert said == [
        "skipped a: it leads to a folder that is read already",
        "skipped out/rec: it leads to a folder that is read already",
        "skipped z/up: it leads to a folder that is read already",
    ]


@unix_only
def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path
    make(folder, "rec/open/a.wav", "rec/shut/b.wav", "rec/list/c.wav")
    (folder / "rec" / "shut").chmod(0)
    (folder / "rec" / "list").chmod(0o400)
    assert as_ordinary_user(lambda: found_in(folder / "rec")) == [
        ["open/a.wav"],
        [
            "skipped list/c.wav: it cannot be looked at (Permission denied)",
            "skipped shut: it cannot be read (Permission denied)",
        ],
    ]


@unix_only
def test_a_folder_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    folder = tmp_path
    make(folder, "shut/rec/a.wav")
    (folder / "shut").chmod(0)
    said = as_ordinary_user(lambda: found_in(folder / "shut"))
    assert said == f"RecordingError: {folder}/shut cannot be read: Permission denied"
    said = as_ordinary_user(lambda: found_in(folder / "shut" / "rec"))
    assert "shut/rec cannot be looked at (Permission denied), expected a folder" in said


def test_what_is_not_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="does not exist: give a folder of recordings"):
        found_in(tmp_path / "nowhere")
    make(tmp_path, "a.wav")
    with pytest.raises(RecordingError, match="is a file, expected a folder of recordings"):
        found_in(tmp_path / "a.wav")
    with pytest.raises(RecordingError, match="does not exist"):
        found_in(tmp_path / "a.wav" / "b")
    with pytest.raises(RecordingError, match="name too long"):
        found_in(tmp_path / ("a" * 300))
    with pytest.raises(RecordingError, match="null"):
        found_in(tmp_path / "a\0b")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are always text")
def test_names_that_are_not_text_can_be_printed(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"d\xe9")
    make(folder, "a.wav")
    (folder / os.fsdecode(b"br\xe9ve\n.wav")).symlink_to("nowhere")
    names, said = found_in(folder)
    assert names == ["a.wav"]
    assert said == [r"skipped br\xe9ve\n.wav: it is a link that leads nowhere"]
    with pytest.raises(RecordingError, match=r"d\\xe9 is a file|d\\xe9/none does not exist"):
        found_in(folder / "none")
