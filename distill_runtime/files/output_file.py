"""Writing an output file whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from distill_runtime.errors import OutputError, OutputExistsError, RequestError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


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
        device = _is_device(path)
        if not device:
            _check(path, overwrite=overwrite)
        target = Path(os.path.realpath(path))
        place: AbstractContextManager[Path] = (
            _temporary_elsewhere(path.suffix) if device else _temporary_beside(target)
        )
        with place as temporary:
            caller_writes = temporary
            yield temporary
            caller_writes = None
            if device:
                _copy_into(temporary, path)
            else:
                _synchronise(temporary)
                _move(temporary, target, overwrite=overwrite)
    except OSError as reason:
        if caller_writes and reason.filename not in (None, caller_writes, str(caller_writes)):
            raise  # it is about another file, one that the caller reads
        what = "the disk is full" if reason.errno in _FULL else reason.strerror or str(reason)
        raise OutputError(f"{path} cannot be written: {what}") from reason


def check_output(path: Path, *, overwrite: bool = False) -> None:
    """Refuse at once what `replacing` would refuse, before any work is done for it.

    Raises:
        RequestError: The path is a folder, or its folder does not exist.
        OutputExistsError: The file is there and `overwrite` is false.
    """
    if not _is_device(path):
        _check(path, overwrite=overwrite)


def _is_device(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _check(path: Path, *, overwrite: bool) -> None:
    if path.is_dir():
        raise RequestError(f"{path} is a folder: give the path of a file")
    if not path.parent.is_dir():
        raise RequestError(f"folder {path.parent} does not exist: make it first")
    if path.exists() and not overwrite:
        raise _exists(path)


@contextmanager
def _temporary_beside(target: Path) -> Iterator[Path]:
    # A short name of its own: the target's with an addition may be too long for the file system.
    temporary = target.with_name(f".distill-{secrets.token_hex(8)}{target.suffix}")
    try:
        # Not tempfile's 0600: 0666 less the umask is what any program gives a file it writes.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield temporary
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def _temporary_elsewhere(suffix: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="distill-", ignore_cleanup_errors=True) as folder:
        temporary = Path(folder) / f"output{suffix}"
        temporary.touch()
        yield temporary


def _copy_into(temporary: Path, device: Path) -> None:
    with temporary.open("rb") as source, device.open("wb") as sink:
        shutil.copyfileobj(source, sink)


def _synchronise(temporary: Path) -> None:
    with temporary.open("r+b") as file:  # Windows flushes only what is open for writing
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
        f"{path} exists: choose another name, or overwrite it with --force (overwrite=True)"
    )
