"""Folders for files that are to be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_runtime.errors import OutputError
from distill_runtime.files.output_folder import (
    check_new_folder,
    make_folder,
    nearest_folder,
    new_folder,
)
from tests.ordinary_user import as_ordinary_user


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    check_new_folder(folder)
    assert nearest_folder(folder) == tmp_path
    assert not (tmp_path / "a").exists()
    make_folder(folder)
    make_folder(folder)
    assert folder.is_dir()
    assert nearest_folder(folder) == folder


def test_after_a_failure_nothing_empty_is_left(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for folder in (tmp_path / "a" / "b", tmp_path / "there", tmp_path / "there" / "c"):
        with pytest.raises(KeyError), new_folder(folder):
            assert folder.is_dir()
            raise KeyError
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]
    with pytest.raises(KeyError), new_folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "whole").touch()
        raise KeyError
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["a", "whole", "there"]


def test_a_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert nearest_folder(Path("a/b")) == Path()
    check_new_folder(Path("a/b"))
    make_folder(Path("a/b"))
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize("refuse", [check_new_folder, make_folder])
def test_what_is_in_the_way_is_told(tmp_path: Path, refuse: object) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "a" / "b"):
        with pytest.raises(OutputError, match="cannot be made a folder: "):
            refuse(folder)  # type: ignore[operator]
    with pytest.raises(OutputError):
        refuse(tmp_path / ("x" * 5000))  # type: ignore[operator]


def test_a_folder_that_nobody_may_make_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o555)

    def ask() -> None:
        for refuse in (check_new_folder, make_folder):
            with pytest.raises(OutputError, match="made a folder: Permission denied"):
                refuse(shut / "a" / "b")

    as_ordinary_user(ask)
