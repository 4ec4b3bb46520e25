"""What processes leave that are killed while they write: known by its name, and removed by others.

Who writes a temporary file or folder holds a lock on it (flock), which the system lifts however the
process ends. What bears such a name and is not locked belongs to nobody any more. Where there are
no locks (Windows, some network drives) nothing is removed.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    CAN_LOCK = False
else:
    CAN_LOCK = True

# Long enough a number to be nobody else's name.
_FILE = re.compile(r"\.distill-[0-9a-f]{16}(\.\w{1,16})?")
_FOLDER = re.compile(r"distill-[0-9a-f]{16}\.tmp")
_NOT_FOLLOWED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

_swept: set[tuple[int, int]] = set()


def file_name(suffix: str) -> str:
    """Return a new name for a temporary file; a suffix that is no usual one is left out."""
    name = f".distill-{secrets.token_hex(8)}{suffix}"
    return name if _FILE.fullmatch(name) else name.removesuffix(suffix)


def folder_name() -> str:
    """Return a new name for a temporary folder."""
    return f"distill-{secrets.token_hex(8)}.tmp"


def is_taken(path: Path, descriptor: int) -> bool:
    """Take the lock of what was made a moment ago, and is open, for as long as it is.

    Returns:
        False if another process that sweeps came first: make a new one. True also where there are
        no locks: there nobody sweeps.
    """
    if not CAN_LOCK:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def sweep_files(folder: Path, *, again: bool = False) -> None:
    """Remove unfinished files from a folder, once in this process, or again."""
    _sweep(folder, _FILE, _remove_file, again=again)


def sweep_folders(folder: Path) -> None:
    """Remove temporary folders from a folder, once in this process; only those of this user."""
    _sweep(folder, _FOLDER, _remove_folder)


def _sweep(
    folder: Path, name: re.Pattern[str], remove: Callable[[Path], None], *, again: bool = False
) -> None:
    if not CAN_LOCK:
        return
    with suppress(OSError, ValueError):
        place = folder.stat()
        if (place.st_dev, place.st_ino) in _swept and not again:
            return
        _swept.add((place.st_dev, place.st_ino))
        with os.scandir(folder) as entries:
            found = [Path(entry.path) for entry in entries if name.fullmatch(entry.name)]
        for path in found:
            with suppress(OSError):
                remove(path)


def _remove_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | _NOT_FOLLOWED)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode) and _is_ours_now(descriptor):
            path.unlink()
    finally:
        os.close(descriptor)


def _remove_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _NOT_FOLLOWED)
    try:
        if os.fstat(descriptor).st_uid == os.geteuid() and _is_ours_now(descriptor):
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)


def _is_ours_now(descriptor: int) -> bool:
    """Whether the lock was to be had: without locks here, nobody knows who has the file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
