"""Writing a folder whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from distill_runtime.errors import OutputError, OutputExistsError, RequestError
from distill_runtime.files.output_file import synchronise, why_not_written
from distill_runtime.files.output_folder import check_new_folder, new_folder
from distill_runtime.files.paths import is_folder, status
from distill_runtime.files.shown import shown
from distill_runtime.files.temporary import temporary_folder

_IN_THE_WAY = (errno.EEXIST, errno.ENOTEMPTY)


@contextmanager
def replacing_folder(
    folder: Path, *, holds: Collection[str], overwrite: bool = False
) -> Iterator[Path]:
    """Give a temporary folder to write to, and put it, finished, in its place.

    It lies beside `folder`, and is gone after any failure; what was there before is then as it was.
    A folder cannot be replaced in one go as a file can: between two renames there is none, and if
    the process is killed just there, the one before is lost.

    Args:
        folder: Where it shall be; those above it are made.
        holds: What such a folder may hold, as paths within it with "/": one that holds anything
            else is never replaced.
        overwrite: Replace a folder that is there already.

    Yields:
        An empty folder to write into.

    Raises:
        RequestError: What is there is a file, or a folder with other things in it.
        OutputExistsError: The folder is there, or appeared meanwhile, and `overwrite` is false.
        OutputError: The disk is full, or the permission is missing.
    """
    check_whole_folder(folder, holds=holds, overwrite=overwrite)
    target = Path(os.path.realpath(folder))
    with new_folder(target.parent), temporary_folder(target.parent) as place:
        made = place / "new"
        try:
            made.mkdir()  # with the umask's permissions: the temporary folder is for nobody else
            yield made
            for path in sorted(made.rglob("*")):
                if path.is_file():
                    synchronise(path)
            if overwrite and status(target) is not None:
                check_whole_folder(target, holds=holds, overwrite=True)  # it may have come since
                target.rename(place / "old")
            _move(made, target, place / "old")
        except OSError as reason:
            if reason.filename is not None and not _is_within(reason.filename, place):
                raise  # it is about another file, one that the caller reads
            raise _unwritable(folder, reason) from reason


def check_whole_folder(folder: Path, *, holds: Collection[str], overwrite: bool = False) -> None:
    """Refuse at once what `replacing_folder` would refuse, before any work is done for it.

    Raises:
        DistillError: As `replacing_folder` does.
    """
    if status(folder, error=OutputError) is None:
        check_new_folder(folder)
        return
    if not is_folder(folder, error=OutputError):
        raise RequestError(f"{shown(folder)} is a file: give the path of a folder")
    if not overwrite:
        raise _exists(folder)
    others = sorted(_files_in(folder) - set(holds))
    if others:
        raise RequestError(
            f"{shown(folder)} holds what is not replaced, {shown(Path(others[0]))}: move that, or "
            "choose another name"
        )


def _files_in(folder: Path) -> set[str]:
    """Return every file below a folder, and every folder that is empty, as paths within it."""
    found = set()
    for path in folder.rglob("*"):
        if not path.is_dir() or path.is_symlink() or not any(path.iterdir()):
            found.add(path.relative_to(folder).as_posix())
    return found


def _move(made: Path, target: Path, old: Path) -> None:
    try:
        made.rename(target)
    except OSError as reason:
        if old.exists():
            old.rename(target)
        elif reason.errno in _IN_THE_WAY:
            raise _exists(target) from None
        raise _unwritable(target, reason) from reason


def _is_within(name: str | bytes, place: Path) -> bool:
    return Path(os.fsdecode(name)).is_relative_to(place)


def _unwritable(folder: Path, reason: OSError) -> OutputError:
    return OutputError(f"{shown(folder)} cannot be written: {why_not_written(reason)}")


def _exists(folder: Path) -> OutputExistsError:
    return OutputExistsError(
        f"{shown(folder)} exists: choose another name, or overwrite it with overwrite=True",
        setting="overwrite=True",
    )
