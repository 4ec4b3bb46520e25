"""Making the folders that files are to go into."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from distill_runtime.errors import OutputError
from distill_runtime.files.paths import is_folder, status, why
from distill_runtime.files.shown import shown


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, unless they are there.

    Raises:
        OutputError: Something is in the way, or the permission is missing.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as reason:
        raise _refused(folder, why(reason)) from None


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; after a failure none that was made is left empty.

    Raises:
        OutputError: As for `make_folder`.
    """
    missing = [path for path in (folder, *folder.parents) if not is_folder(path, error=OutputError)]
    make_folder(folder)
    try:
        yield
    except BaseException:
        with suppress(OSError):  # what is not empty stays, and what is above it
            for path in missing:
                path.rmdir()
        raise


def check_new_folder(folder: Path) -> None:
    """Refuse at once what `make_folder` would refuse, and make nothing.

    Raises:
        OutputError: As for `make_folder`.
    """
    above = nearest_folder(folder)
    below = next((path for path in (folder, *folder.parents) if path.parent == above), folder)
    if status(below, error=OutputError) is not None and not is_folder(below, error=OutputError):
        raise _refused(folder, f"{shown(below)} is a file")
    if not os.access(above, os.W_OK | os.X_OK):
        raise _refused(folder, "Permission denied")


def nearest_folder(folder: Path) -> Path:
    """Return the folder itself if it is there, else the nearest above it that is."""
    above = (path for path in (folder, *folder.parents) if is_folder(path, error=OutputError))
    return next(above, Path())


def _refused(folder: Path, why_not: str) -> OutputError:
    return OutputError(f"{shown(folder)} cannot be made a folder: {why_not}")
