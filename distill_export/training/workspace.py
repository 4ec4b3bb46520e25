"""Folders of our own beside the model."""

from __future__ import annotations

from pathlib import Path

from distill_runtime.errors import OutputError


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, unless they are there.

    Raises:
        OutputError: Something is in the way, or the permission is missing.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        what = reason.strerror or str(reason)
        raise OutputError(f"{folder} cannot be made a folder: {what}") from None
