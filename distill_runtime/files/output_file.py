"""Writing an output file whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distill_runtime.errors import OutputError, OutputExistsError, RequestError
from distill_runtime.files.paths import is_device, is_folder, status, why
from distill_runtime.files.shown import shown
from distill_runtime.files.temporary import temporary_beside, temporary_folder

_FULL = {
    errno.ENOSPC: "the disk is full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "the quota is used up",
}


@contextmanager
def replacing(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path to write to, and put the finished file in its place.

    The temporary file has the suffix of `path` and lies beside it; it is gone after any failure,
    and `path` is then as it was. A symbolic link is followed, not replaced. A device or a fifo is
    never replaced either: it gets the finished bytes, whatever `overwrite` says.

    Args:
        path: Where the file shall be; its folder must exist.
        overwrite: Replace a file that is there already.

    Yields:
        An empty file to open and write.

    Raises:
        RequestError: The path is a folder, or its folder does not exist.
        OutputExistsError: The file is there, or appeared meanwhile, and `overwrite` is false.
        OutputError: The disk is full, the permission is missing or the device failed.
    """
    path = Path(path)
    caller_writes: Path | None = None
    try:
        device = is_device(path, error=OutputError)
        if not device:
            _check(path, overwrite=overwrite)
        target = Path(os.path.realpath(path))
        place = _temporary_elsewhere(path.suffix) if device else temporary_beside(target)
        with place as temporary:
            caller_writes = temporary
            yield temporary
            caller_writes = None
            if device:
                _copy_into(temporary, path)
            else:
                synchronise(temporary)
                _move(temporary, target, overwrite=overwrite)
    except OSError as reason:
        if caller_writes and not _is_about(reason, caller_writes):
            raise  # it is about another file, one that the caller reads
        raise OutputError(f"{shown(path)} cannot be written: {why_not_written(reason)}") from reason


def check_output(path: Path, *, overwrite: bool = False) -> None:
    """Refuse at once what `replacing` would refuse, before any work is done for it.

    Raises:
        RequestError: The path is a folder, or its folder does not exist.
        OutputExistsError: The file is there and `overwrite` is false.
        OutputError: The path cannot be one.
    """
    path = Path(path)
    if not is_device(path, error=OutputError):
        _check(path, overwrite=overwrite)


def why_not_written(reason: OSError) -> str:
    """Return why something cannot be written, in a few words."""
    return _FULL.get(reason.errno or 0) or why(reason)


def _check(path: Path, *, overwrite: bool) -> None:
    found = status(path, error=OutputError)
    if found is not None and stat.S_ISDIR(found.st_mode):
        raise RequestError(f"{shown(path)} is a folder: give the path of a file")
    if not is_folder(path.parent, error=OutputError):
        raise RequestError(f"folder {shown(path.parent)} does not exist: make it first")
    if found is not None and not overwrite:
        raise _exists(path)


def _is_about(reason: OSError, path: Path) -> bool:
    """Whether an error is about a file, or does not say about which one."""
    return reason.filename in (None, path, str(path), os.fsencode(path))


@contextmanager
def _temporary_elsewhere(suffix: str) -> Iterator[Path]:
    with temporary_folder() as folder:
        temporary = folder / f"output{suffix}"
        temporary.touch()
        yield temporary


def _copy_into(temporary: Path, device: Path) -> None:
    with temporary.open("rb") as source, device.open("wb") as sink:
        shutil.copyfileobj(source, sink)


def synchronise(path: Path) -> None:
    """Have a file's bytes on the disk before it is given its name."""
    with path.open("r+b") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())


def _move(temporary: Path, target: Path, *, overwrite: bool) -> None:
    if overwrite:
        temporary.replace(target)
        return
    try:
        # Unlike a rename, a link fails where a file has appeared meanwhile.
        target.hardlink_to(temporary)
    except FileExistsError:
        raise _exists(target) from None
    except OSError:
        # No links on this file system: between this look and the rename a file may slip in.
        if target.exists():
            raise _exists(target) from None
        temporary.replace(target)


def _exists(path: Path) -> OutputExistsError:
    return OutputExistsError(
        f"{shown(path)} exists: choose another name, or overwrite it with overwrite=True",
        setting="overwrite=True",
    )
