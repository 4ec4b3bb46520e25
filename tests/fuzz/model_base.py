"""A small model without fault: what it holds, and the entries of its file."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from tests.distill_export import model_files
from tests.fuzz.pickle_writer import PickleWriter


def model_content() -> dict[str, Any]:
    """Return what a model holds; its dicts may be changed."""
    return _copied(_content())  # type: ignore[no-any-return]


@cache
def model_entries() -> dict[str, bytes]:
    """Return the entries of a model file without fault."""
    writer = PickleWriter()
    program = writer.program(_content())
    return {"data.pkl": program, "byteorder": b"little", **writer.entries, "version": b"3\n"}


@cache
def _content() -> dict[str, Any]:
    return model_files.model_content()


def _copied(value: Any) -> Any:
    """Copy the dicts, which are changed, and nothing in them."""
    if not isinstance(value, dict):
        return value
    copied = copy.copy(value)
    copied.update((key, _copied(item)) for key, item in value.items())
    return copied
