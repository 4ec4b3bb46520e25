"""Texts out of files as lines that can be printed."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return a text as one line that no terminal takes for a command."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())
