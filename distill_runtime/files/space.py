"""Whether what is to be written fits on the disk, asked before any work is done for it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from distill_runtime.errors import SpaceError
from distill_runtime.files.shown import shown
from distill_runtime.files.temporary import temporary_place

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True)
class Need:
    """What a folder will have to hold.

    Attributes:
        folder: Where it goes.
        size_bytes: The least that it takes.
        what: What it is, for a message: "temporary files".
    """

    folder: Path
    size_bytes: int
    what: str


def temporary_need(size_bytes: int) -> Need:
    """Return a need of the folder for temporary files.

    Raises:
        OutputError: There is no such folder, and one is needed.
    """
    folder = temporary_place() if size_bytes else Path()
    return Need(folder, size_bytes, "temporary files")


def require_space(needs: Sequence[Need]) -> None:
    """Refuse what a disk cannot hold; needs on the same disk are added up.

    Where the system does not tell what is free nothing is refused.

    Raises:
        SpaceError: There is less free than is needed.
    """
    by_disk: dict[int, list[Need]] = {}
    for need in filter(lambda need: need.size_bytes, needs):
        try:
            disk = need.folder.stat().st_dev
        except (OSError, ValueError):
            continue
        by_disk.setdefault(disk, []).append(need)
    for sharing in by_disk.values():
        needed = sum(need.size_bytes for need in sharing)
        free = free_bytes(sharing[0].folder)
        if free is not None and needed > free:
            parts = " and ".join(
                f"{size_in_words(need.size_bytes)} for {need.what} in {_where(need.folder)}"
                for need in sharing
            )
            raise SpaceError(
                f"{parts} are needed, and {size_in_words(free)} are free there: ask for less, or "
                "name another folder (TMPDIR for temporary files); check_space=False begins all "
                "the same",
                setting="check_space=False",
            )


def _where(folder: Path) -> str:
    return "this folder" if folder == Path() else shown(folder)


def size_in_words(size_bytes: int) -> str:
    """Return a size as people read it: "19.2 TB"."""
    size, unit = float(size_bytes), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.3g} {_UNITS[unit]}" if size < 1000 else f"{size:.0f} {_UNITS[unit]}"


def free_bytes(folder: Path) -> int | None:
    """Return how many bytes are free for this user, None where the system does not tell."""
    try:
        usage = shutil.disk_usage(folder)
    except (OSError, ValueError):
        return None
    return usage.free if usage.total else None  # some network drives say 0 of 0
