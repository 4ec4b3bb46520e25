"""Text that fits a terminal, whatever its width."""

from __future__ import annotations

import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator

_HEADING = re.compile(r" *(?:\S+(?: \S+)*  +)?")
_NARROWEST = 20


def terminal_columns() -> int | None:
    """Return how many columns stdout's terminal has; None where it goes to a pipe or a file."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return max(_NARROWEST, shutil.get_terminal_size().columns)


def fitted(text: str, columns: int | None) -> str:
    """Return a text whose lines have at most so many columns, None for any number.

    What is wrapped goes on under the line's second column, as what stands behind a heading does.
    """
    if columns is None:
        return text
    return "\n".join(part for line in text.split("\n") for part in _wrapped(line, columns))


def width(text: str) -> int:
    """Return how many columns a text takes: East Asian letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _wrapped(line: str, columns: int) -> Iterator[str]:
    """Yield a line in parts of at most so many columns."""
    heading = _HEADING.match(line)
    indent = width(heading[0]) if heading else 0
    if indent > columns // 2:
        indent = width(line) - width(line.lstrip())
    indent = min(indent, columns // 2)
    while width(line) > columns:
        end = _fitting(line, columns)
        space = line.rfind(" ", 0, end + 1)
        if space > indent:
            yield line[:space].rstrip()
            line = " " * indent + line[space:].lstrip()
        else:  # a word that is longer than a line
            yield line[:end]
            line = " " * indent + line[end:]
    yield line


def _fitting(line: str, columns: int) -> int:
    """Return how many letters fit."""
    used = 0
    for index, letter in enumerate(line):
        used += width(letter)
        if used > columns:
            return index
    return len(line)
