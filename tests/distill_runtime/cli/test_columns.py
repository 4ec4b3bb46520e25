"""Text that fits a terminal."""

from __future__ import annotations

import os
import shutil
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.cli.columns import fitted, terminal_columns, width

TEXT = """/a/path.onnx
  Model      ambience
  Made from  some recordings, many of them, 15 in all
  Source     SHA-256 0123456789abcdef0123456789abcdef0123456789abcdef
      0  PC1 (Loudness)  -10 to +9   safe, 3.4% of the variation"""


def test_what_is_wrapped_goes_on_under_its_column() -> None:
    assert fitted(TEXT, 40).splitlines() == [
        "/a/path.onnx",
        "  Model      ambience",
        "  Made from  some recordings, many of",
        "             them, 15 in all",
        "  Source     SHA-256",
        "             0123456789abcdef0123456789a",
        "             bcdef0123456789abcdef",
        "      0  PC1 (Loudness)  -10 to +9",
        "         safe, 3.4% of the variation",
    ]


def test_without_a_terminal_nothing_is_wrapped() -> None:
    assert fitted(TEXT, None) == TEXT
    assert fitted(TEXT, 200) == TEXT


letters = st.text(st.sampled_from("ab 海 é-"), max_size=60)


@given(st.lists(letters, max_size=5).map("\n".join), st.integers(20, 60))
def test_every_line_fits_and_no_letter_is_lost(text: str, columns: int) -> None:
    lines = fitted(text, columns).split("\n")
    assert max(map(width, lines)) <= columns
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_east_asian_letters_take_two_columns() -> None:
    assert (width("ab"), width("海の音"), width("é")) == (2, 6, 1)


def test_the_terminals_width_counts_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert terminal_columns() is None  # a test's stdout is no terminal
    size = os.terminal_size((50, 20))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda fallback=None: size)
    assert terminal_columns() == 50
    monkeypatch.setattr(sys, "stdout", None)
    assert terminal_columns() is None
