"""How a command line names a preset: `dawn.json`, or `presets.json:Dawn` for one of many."""

from __future__ import annotations

from pathlib import Path

from distill_runtime.errors import RequestError
from distill_runtime.files.paths import is_file


def split_preset_name(text: str) -> tuple[Path, str | None]:
    r"""Read `FILE` or `FILE:NAME`, split at the first colon behind which the file exists.

    So a drive letter (`C:\dawn.json`) is never taken for a file, nor a colon in a name for the end
    of it.
    """
    for index, letter in enumerate(text):
        if letter == ":" and text[index + 1 :] and _is_file(text[:index]):
            return Path(text[:index]), text[index + 1 :]
    return Path(text), None


def _is_file(text: str) -> bool:
    try:
        return is_file(Path(text))
    except RequestError:  # it cannot be one
        return False
