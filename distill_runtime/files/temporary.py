"""Temporary files and folders: gone after use, and after a kill with the next run."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from distill_runtime.errors import OutputError
from distill_runtime.files.leftovers import (
    CAN_LOCK,
    file_name,
    folder_name,
    is_taken,
    sweep_files,
    sweep_folders,
)
from distill_runtime.files.paths import why
from distill_runtime.files.shown import shown

_TRIES = 10


def temporary_place() -> Path:
    """Return the system's folder for temporary files: TMPDIR, if that is set.

    Raises:
        OutputError: There is none that can be written to.
    """
    try:
        return Path(tempfile.gettempdir())
    except OSError:
        raise OutputError(
            "there is no folder for temporary files that can be written to: name one, as in "
            "TMPDIR=/path/to/folder"
        ) from None


def open_temporary() -> BinaryIO:
    """Open a file without a name, which is gone when it is closed, however the process ends.

    Raises:
        OutputError: There is no place for it.
    """
    place = temporary_place()
    sweep_folders(place)
    try:
        return cast(BinaryIO, tempfile.TemporaryFile(dir=place))
    except OSError as reason:
        raise unwritable(place, reason) from reason


@contextmanager
def temporary_folder(place: Path | None = None) -> Iterator[Path]:
    """Make a folder and remove it, with all that is in it, at the end of the block.

    Args:
        place: Where to make it; by default where the system has temporary files. Whoever renames
            the folder keeps it.

    Raises:
        OutputError: There is no place for it.
    """
    said = unwritable if place is None else _unwritable_beside
    place = temporary_place() if place is None else place
    sweep_folders(place)
    for _ in range(_TRIES):
        folder, descriptor = place / folder_name(), None
        try:
            try:
                folder.mkdir(mode=0o700)
                if CAN_LOCK:
                    descriptor = os.open(folder, os.O_RDONLY)
                    if not is_taken(folder, descriptor):
                        continue
            except OSError as reason:
                raise said(place, reason) from reason
            yield folder
            return
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if descriptor is not None:
                os.close(descriptor)
    raise said(place, OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)))


@contextmanager
def temporary_beside(target: Path) -> Iterator[Path]:
    """Make an empty file in the folder of another, with its suffix, gone at the end of the block.

    Raises:
        OSError: It cannot be made.
    """
    sweep_files(target.parent)
    for _ in range(_TRIES):
        # A short name of its own: the target's with more to it may be too long.
        temporary, descriptor = target.with_name(file_name(target.suffix)), None
        try:
            # Not tempfile's 0600: 0666 less the umask is what any program gives a file it writes.
            descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
            if not is_taken(temporary, descriptor):
                continue
            if not CAN_LOCK:  # Windows renames and removes no file that is open
                os.close(descriptor)
                descriptor = None
            yield temporary
            return
        finally:
            with suppress(OSError):
                temporary.unlink()
            if descriptor is not None:
                os.close(descriptor)
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def unwritable(place: Path, reason: OSError) -> OutputError:
    """Return the error of a temporary file that cannot be written."""
    return OutputError(
        f"a temporary file in {shown(place)} cannot be written: {why(reason)} (TMPDIR names "
        "another folder)"
    )


def _unwritable_beside(place: Path, reason: OSError) -> OutputError:
    return OutputError(f"nothing can be written in {shown(place)}: {why(reason)}")
