"""A folder that is written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from distill_runtime.errors import OutputError, OutputExistsError, RequestError
from distill_runtime.files.whole_folder import check_whole_folder, replacing_folder
from tests.ordinary_user import as_ordinary_user

HOLDS = ("config", "1/model")


def write(folder: Path, content: str = "new", *, overwrite: bool = False) -> None:
    with replacing_folder(folder, holds=HOLDS, overwrite=overwrite) as made:
        (made / "1").mkdir()
        for name in HOLDS:
            (made / name).write_text(content)


def tree(folder: Path) -> dict[str, str]:
    """Return the files below a folder; the text of each by its path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def all_of(folder: str, content: str) -> dict[str, str]:
    return {f"{folder}/1/model": content, f"{folder}/config": content}


def test_it_appears_whole_with_the_folders_above_it(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "rain"
    with replacing_folder(folder, holds=HOLDS) as made:
        (made / "config").write_text("new")
        assert not folder.exists()
    assert tree(tmp_path) == {"models/rain/config": "new"}


def test_one_that_is_there_is_kept_unless_it_may_be_overwritten(tmp_path: Path) -> None:
    write(tmp_path / "rain", "old")
    (tmp_path / "rain" / "config").unlink()  # what is missing is no reason to keep the rest
    with pytest.raises(OutputExistsError, match="rain exists: choose another name, or overwrite"):
        write(tmp_path / "rain")
    assert tree(tmp_path) == {"rain/1/model": "old"}
    write(tmp_path / "rain", overwrite=True)
    assert tree(tmp_path) == all_of("rain", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["rain"]


@pytest.mark.parametrize("other", ["2/model", "labels.txt", "1/empty/"])
def test_what_is_not_ours_is_never_replaced(tmp_path: Path, other: str) -> None:
    write(tmp_path / "rain", "old")
    path = tmp_path / "rain" / other
    (path if other.endswith("/") else path.parent).mkdir(exist_ok=True)
    if not other.endswith("/"):
        path.write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RequestError, match=f"rain holds what is not replaced, {other.strip('/')}"):
        write(tmp_path / "rain", overwrite=True)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "rain").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(RequestError, match="rain is a file: give the path of a folder"):
            check_whole_folder(tmp_path / "rain", holds=HOLDS, overwrite=overwrite)
        with pytest.raises(OutputError, match="cannot be made a folder: "):
            check_whole_folder(tmp_path / "rain" / "sea", holds=HOLDS, overwrite=overwrite)
    assert tree(tmp_path) == {"rain": "mine"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OutputError])
@pytest.mark.parametrize("there", [False, True])
def test_a_failure_leaves_everything_as_it_was(
    tmp_path: Path, error: type[BaseException], there: bool
) -> None:
    folder = tmp_path / "models" / "rain"
    if there:
        write(folder, "old")
    with (
        pytest.raises(error),
        replacing_folder(folder, holds=HOLDS, overwrite=True) as made,
    ):
        (made / "config").write_text("half")
        raise error
    assert tree(tmp_path) == (all_of("models/rain", "old") if there else {})
    assert [path.name for path in tmp_path.iterdir()] == (["models"] if there else [])


@pytest.mark.parametrize("overwrite", [False, True])
def test_one_that_appears_meanwhile_is_not_overwritten(tmp_path: Path, overwrite: bool) -> None:
    folder = tmp_path / "rain"
    with (
        pytest.raises(RequestError if overwrite else OutputExistsError),
        replacing_folder(folder, holds=HOLDS, overwrite=overwrite) as made,
    ):
        (made / "config").write_text("new")
        folder.mkdir()
        (folder / "other").write_text("mine")
    assert tree(tmp_path) == {"rain/other": "mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["rain"]


def test_where_the_new_one_cannot_be_put_the_old_one_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "rain", "old")
    rename = Path.rename

    def refuse_new(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(OutputError, match="rain cannot be written: Input/output error"):
        write(tmp_path / "rain", overwrite=True)
    assert tree(tmp_path) == all_of("rain", "old")


def test_a_full_disk_is_told_and_what_else_fails_is_not_taken_for_one(tmp_path: Path) -> None:
    for named in (True, False):
        with (
            pytest.raises(OutputError, match="rain cannot be written: the disk is full"),
            replacing_folder(tmp_path / "rain", holds=HOLDS) as made,
        ):
            name = (str(made / "config"),) if named else ()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), *name)
    with (
        pytest.raises(FileNotFoundError),
        replacing_folder(tmp_path / "rain", holds=HOLDS),
    ):
        (tmp_path / "the caller's").read_text()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_the_umask_decides_the_permissions(tmp_path: Path, umask: int) -> None:
    with under(umask):
        write(tmp_path / "rain")
    assert stat.S_IMODE((tmp_path / "rain").stat().st_mode) == 0o777 & ~umask
    assert stat.S_IMODE((tmp_path / "rain" / "config").stat().st_mode) == 0o666 & ~umask


@contextmanager
def under(umask: int) -> Iterator[None]:
    before = os.umask(umask)
    try:
        yield
    finally:
        os.umask(before)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "rain").symlink_to(tmp_path / "there" / "sea")
    write(tmp_path / "rain")
    write(tmp_path / "rain", "newer", overwrite=True)
    assert (tmp_path / "rain").is_symlink()
    assert tree(tmp_path / "there") == all_of("sea", "newer")


def test_where_nothing_may_be_written_that_is_told_at_once(tmp_path: Path) -> None:
    place = tmp_path / "models"
    place.mkdir(mode=0o555)

    def attempt() -> None:
        with pytest.raises(OutputError, match="cannot be made a folder: Permission denied"):
            write(place / "rain")

    as_ordinary_user(attempt)
    assert not list(place.iterdir())
