"""Places around the head, in words."""

from __future__ import annotations

import pytest

from distill_runtime.audio.binaural.source_position import SourcePosition


@pytest.mark.parametrize(
    ("position", "words"),
    [
        (SourcePosition(0.0), "in front, 1 m away"),
        (SourcePosition(180, 0, 2), "behind, 2 m away"),
        (SourcePosition(-180.0), "behind, 1 m away"),
        (SourcePosition(30.5, 10, 0.25), "30.5 degrees to the right, 10 up, 0.25 m away"),
        (SourcePosition(-90, -12.5), "90 degrees to the left, 12.5 down, 1 m away"),
    ],
)
def test_a_place_in_words(position: SourcePosition, words: str) -> None:
    assert position.describe() == words


def test_a_mirrored_place() -> None:
    assert SourcePosition(30.0, 10.0, 2.0).mirrored() == SourcePosition(-30.0, 10.0, 2.0)
    assert SourcePosition(0.0).mirrored() == SourcePosition(0.0)
