"""What a model without a name is called: after its file, or the folder of its training.

A checkpoint is called `best.pt` or `checkpoint_00000500.pt` whatever it is of. A folder above it is
named after the recordings: `rain.training/checkpoints/best.pt` is where distill-train keeps it.
"""

from __future__ import annotations

import re
from pathlib import Path

_OF_ANY_TRAINING = re.compile(
    r"(best|last|latest|final|model|weights|checkpoints?|ckpts?|epochs?|steps?|runs?|models)?"
    r"([-_. ]?(best|last|latest|final|model|epoch|step|\d+))*",
    re.IGNORECASE,
)
_WORKSPACE = ".training"


def stem_of(path: Path) -> str:
    """Return the name of the model in a file, without the file's ending.

    Args:
        path: A model file, which is called as it is meant to be, or a checkpoint.
    """
    if path.suffix.lower() != ".pt" or not _says_nothing(path.stem):
        return path.stem
    try:
        folders = path.resolve().parents
    except (OSError, RuntimeError):  # a loop of links, or the current folder is gone
        folders = path.parents
    for folder in folders:
        name = folder.name.removesuffix(_WORKSPACE)
        if name and not _says_nothing(name):
            return name
    return path.stem


def _says_nothing(name: str) -> bool:
    return _OF_ANY_TRAINING.fullmatch(name) is not None
