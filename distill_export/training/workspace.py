"""The folder beside a model for all that its training leaves."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from distill_export.model.writer import MODEL_SUFFIX

# The folders within.
SPECTROGRAMS, CHECKPOINTS, PREVIEWS = "spectrograms", "checkpoints", "previews"
_SUFFIX = ".training"
_LONGEST_NAME_BYTES = 255  # on every file system of today
_LEFT_BEHIND = ".distill-*"  # by a process that was killed while it wrote


def workspace(output: Path) -> Path:
    """Return the folder that belongs to a model file."""
    return output.with_name(fitting(output.stem, _SUFFIX))


def model_name(folder: Path) -> str:
    """Return the name of the model file that recordings make if no other is given."""
    try:
        name = folder.resolve().name
    except (OSError, RuntimeError):  # a loop of links, or the current folder is gone
        name = folder.name
    return fitting(name or "model", MODEL_SUFFIX)


def fitting(stem: str, suffix: str) -> str:
    """Return a file's name, its stem shortened so that it and what lies beside it can be made."""
    longest = _LONGEST_NAME_BYTES - max(len(suffix), len(_SUFFIX))
    name = os.fsencode(stem)
    if len(name) > longest:
        stem = name[:longest].decode("utf-8", errors="ignore")
    return stem + suffix


def sweep(beside: Path) -> None:
    """Remove the unfinished files of processes that were killed."""
    for path in beside.glob(f"*/{_LEFT_BEHIND}"):
        with suppress(OSError):
            path.unlink()
