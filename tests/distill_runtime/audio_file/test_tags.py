"""What may be said of a sound."""

from __future__ import annotations

import re
from typing import Any

import pytest

from distill_runtime.audio_file.tags import Tags
from distill_runtime.errors import RequestError


def test_everything_is_optional() -> None:
    assert dict(Tags(title="a").items()) == {"title": "a", "artist": "", "album": "", "comment": ""}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": 5}, "title is 5, expected text"),
        ({"artist": None}, "artist is None, expected text"),
        ({"album": "a\0b"}, "album is 'a\\x00b', expected no zero character in it"),
        ({"title": "\ud800"}, "title is '\\ud800', which is not valid Unicode"),
        ({"comment": "ü" * 500_001}, "comment is 1000002 bytes long, expected at most 1000000"),
    ],
)
def test_texts_that_no_file_takes(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        Tags(**changes)
