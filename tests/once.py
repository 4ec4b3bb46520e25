"""What is made once for a run of the tests, whichever of the processes asks for it first."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock

T = TypeVar("T")


class Once:
    """Hands on what was made before; whoever asks meanwhile waits for it."""

    def __init__(self, folder: Path) -> None:
        """Keep everything in a folder that all processes of the run have."""
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def __call__(self, name: str, make: Callable[[Path], T]) -> T:
        """Return what `make` returned to the first who asked for this name.

        Args:
            name: A file can be called so.
            make: Gets an empty folder of its own, which stays for the run. What it puts there is
                for reading only: other tests read it at the same time. What it returns is pickled.
        """
        made, folder = self._folder / f"{name}.pickle", self._folder / name
        with FileLock(self._folder / f"{name}.lock"):
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of one who failed
                folder.mkdir()
                made.write_bytes(pickle.dumps(make(folder)))
            return pickle.loads(made.read_bytes())  # a copy of one's own, for the first too


def run_folder(config: pytest.Config, base: Path) -> Path:
    """Return the folder of the whole run: a worker's own base lies in it."""
    return base.parent if hasattr(config, "workerinput") else base
