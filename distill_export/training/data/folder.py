"""The files of a folder of recordings, and what in it cannot be looked at."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from distill_runtime.errors import RecordingError
from distill_runtime.files.shown import shown

Warn = Callable[[str], None]


def find_files(folder: Path, *, warn: Warn) -> list[Path]:
    """Return the files of a folder and its subfolders in a fixed order, hidden ones left out.

    Links are followed, but no folder is read twice: of a loop or of two ways to the same place one
    is taken, if possible the one without a link.

    Args:
        folder: Where to look.
        warn: Told of everything else that is left out, but for what is hidden.

    Raises:
        RecordingError: There is no such folder, or it cannot be read.
    """
    try:
        status = folder.stat()
    except (OSError, ValueError) as reason:
        raise RecordingError(f"{shown(folder)} {_absence(reason)} of recordings") from None
    if not stat.S_ISDIR(status.st_mode):
        raise RecordingError(f"{shown(folder)} is a file, expected a folder of recordings")
    walk = _Walk(folder, warn)
    walk.read(folder, status)
    return sorted(walk.files)


def name_within(folder: Path, path: Path) -> str:
    """Return what a file is called within a folder, as it can be printed."""
    return shown(path.relative_to(folder).as_posix())


class _Walk:
    """A way through a folder, on which links are taken last."""

    def __init__(self, folder: Path, warn: Warn) -> None:
        self._folder, self._warn = folder, warn
        self._read: set[tuple[int, int]] = set()
        self.files: list[Path] = []

    def read(self, folder: Path, status: os.stat_result) -> None:
        folders = [(folder, status)]
        links: list[tuple[Path, os.stat_result]] = []
        while folders or links:
            here, status = folders.pop() if folders else links.pop(0)
            identity = (status.st_dev, status.st_ino)
            if identity in self._read:
                self._skip(here, "leads to a folder that is read already")
                continue
            self._read.add(identity)
            for path in self._entries(here):
                try:
                    status = path.stat()
                except OSError as reason:
                    self._skip(path, _unreachable(path, reason))
                    continue
                if stat.S_ISDIR(status.st_mode):
                    (links if path.is_symlink() else folders).append((path, status))
                elif stat.S_ISREG(status.st_mode):
                    self.files.append(path)
                else:
                    self._skip(path, "is neither a file nor a folder")

    def _entries(self, folder: Path) -> list[Path]:
        try:
            found = sorted(folder.iterdir())
        except OSError as reason:
            if folder == self._folder:
                raise RecordingError(
                    f"{shown(folder)} cannot be read: {reason.strerror or reason}"
                ) from None
            self._skip(folder, f"cannot be read ({reason.strerror or reason})")
            return []
        return [path for path in found if not path.name.startswith(".")]

    def _skip(self, path: Path, why: str) -> None:
        self._warn(f"skipped {name_within(self._folder, path)}: it {why}")


def _absence(reason: OSError | ValueError) -> str:
    if isinstance(reason, FileNotFoundError | NotADirectoryError):
        return "does not exist: give a folder"
    what = reason.strerror if isinstance(reason, OSError) else str(reason)
    return f"cannot be looked at ({what}), expected a folder"


def _unreachable(path: Path, reason: OSError) -> str:
    if isinstance(reason, FileNotFoundError) and path.is_symlink():
        return "is a link that leads nowhere"
    return f"cannot be looked at ({reason.strerror or reason})"
