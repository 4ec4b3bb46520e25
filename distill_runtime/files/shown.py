"""Paths as text that can be printed, whatever bytes they hold."""

from __future__ import annotations

import os
import unicodedata


def shown(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> str:
    r"""Return a path as one line of printable text, for people to read.

    A byte that is not UTF-8 becomes `\xe9`, a control character `\x1b`, and so does all else that
    a terminal would obey rather than print. Letters and spaces of any script stay as they are.
    """
    text = os.fsdecode(path)
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(letter: str) -> str:
    if letter.isprintable() or unicodedata.category(letter) == "Zs":  # spaces wider than ours
        return letter
    if "\udc80" <= letter <= "\udcff":  # what fsdecode makes of a byte that is not UTF-8
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")
