"""What an ordinary user finds, also where the tests are run by root, who may do everything."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NOBODY = 65534


@contextmanager
def folder_for_everyone() -> Iterator[Path]:
    """Give a new folder that every user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="distill-test-"))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        for path in folder.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(folder)


def as_ordinary_user(function: Callable[[], Any]) -> Any:
    """Call a function in a child without privileges; it returns what JSON can say.

    An exception of the child becomes `"<its type>: <what it says>"`.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads: it only reads
        pid = os.fork()
    if not pid:
        try:
            os.close(reading)
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            try:
                found = function()
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
            with os.fdopen(writing, "w") as file:
                json.dump(found, file)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        found = json.load(file)
    os.waitpid(pid, 0)
    return found
