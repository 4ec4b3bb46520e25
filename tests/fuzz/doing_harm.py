"""A generator whose fifth file names a harm, and a target that does it: to test a campaign with."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from tests.fuzz.case import CANARY, Case

WORDS = ["hang", "spin", "crash", "exit", "swell", "wrong", "touch", "code", "temporary"]


def case(seed: int, index: int) -> Case:
    """Return a file of one word, which is harmless but for the fifth."""
    word = WORDS[seed] if index == 4 else "nothing"
    return Case(word, ".txt", word.encode())


def read(path: Path) -> str:
    """Do what the file says."""
    word = path.read_text()
    if word == "nothing":
        return "read"
    if word == "hang":
        time.sleep(60)
    elif word == "spin":
        while True:
            pass
    elif word == "crash":
        os.abort()
    elif word == "exit":
        os._exit(3)
    elif word == "swell":
        bytearray(2 * 2**30)
    elif word == "touch":
        Path("left behind").touch()
    elif word == "code":
        Path(CANARY).touch()
    elif word == "temporary":
        (Path(tempfile.gettempdir()) / "left there").touch()
    else:
        raise KeyError(word)
    return "read"
