"""Asking what a path leads to, and names that fit: whatever the system answers, it is one line."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from distill_runtime.errors import DistillError, RequestError
from distill_runtime.files.shown import shown

_USUAL_NAME_BYTES = 255
_COMPANION_BYTES = len(".json")  # of what may be written beside a file, under its name and more


def status(path: Path, *, error: type[DistillError] = RequestError) -> os.stat_result | None:
    """Return what the system knows of a file or folder; None if there is not one.

    Args:
        path: Where it should be; links are followed.
        error: What to raise.

    Raises:
        DistillError: As `error`: it cannot be told, because a folder may not be searched, the name
            is too long, or it is not one here.
    """
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as reason:
        raise error(f"{shown(path)} cannot be used: {why(reason)}") from None


def is_folder(path: Path, *, error: type[DistillError] = RequestError) -> bool:
    """Whether there is a folder; see `status` for what is raised."""
    found = status(path, error=error)
    return found is not None and stat.S_ISDIR(found.st_mode)


def is_file(path: Path, *, error: type[DistillError] = RequestError) -> bool:
    """Whether there is a regular file; see `status` for what is raised."""
    found = status(path, error=error)
    return found is not None and stat.S_ISREG(found.st_mode)


def is_character_device(path: Path) -> bool:
    """Whether there is a device that takes bytes one by one, /dev/null for example."""
    found = status(path)
    return found is not None and stat.S_ISCHR(found.st_mode)


def is_device(path: Path, *, error: type[DistillError] = RequestError) -> bool:
    """Whether there is something else than a file or a folder; see `status`."""
    found = status(path, error=error)
    return found is not None and not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode))


def files_in(folder: Path, endings: Sequence[str]) -> list[Path]:
    """Return what lies in a folder under a name with one of the endings, in the names' order.

    Raises:
        RequestError: It may not be read.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as reason:
        raise RequestError(f"{shown(folder)} cannot be read: {why(reason)}") from None
    return [folder / name for name in names if name.endswith(tuple(endings))]


def fitted_name(stem: str, ending: str, folder: Path) -> str:
    """Return a file's name, the stem cut short where the folder's file system has no room for it.

    There is room for five bytes more, so that the name of a sidecar (`.json`) fits, too.
    """
    room = _longest_name(folder) - len(os.fsencode(ending)) - _COMPANION_BYTES
    while len(os.fsencode(stem)) > room and len(stem) > 1:
        stem = stem[:-1]
    return f"{stem}{ending}"


def portable_name(path: Path) -> str:
    """Return a file's name as text that any system can hold.

    A byte that is not UTF-8 becomes U+FFFD, and so does a backslash, which parts folders elsewhere.
    """
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if letter == "\\" or "\ud800" <= letter <= "\udfff" else letter
        for letter in path.name
    )


def for_library(path: Path) -> str | bytes:
    """Return a path as libraries in C take it: as bytes, which need not be text, but on Windows."""
    return str(path) if os.name == "nt" else os.fsencode(path)


def why(reason: OSError | ValueError) -> str:
    """Return why a path cannot be used, in the system's words."""
    if isinstance(reason, UnicodeEncodeError):
        return f"this system's encoding ({reason.encoding}) lacks a letter of it"
    if isinstance(reason, OSError):
        return reason.strerror or str(reason) or type(reason).__name__
    return "there is a zero character in it"


def _longest_name(folder: Path) -> int:
    """Return how many bytes a name in a folder may have."""
    try:
        longest = os.pathconf(folder, "PC_NAME_MAX")
    except (AttributeError, OSError, ValueError):  # not on Windows; no such folder
        return _USUAL_NAME_BYTES
    return longest if longest > 0 else _USUAL_NAME_BYTES
