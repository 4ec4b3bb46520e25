from __future__ import annotations

import io

import pytest

from distill_export.training.data.decoding.ogg_end import begins_like_ogg, ends_with_last_page
from tests.distill_export.training.broken_recordings import content
from tests.distill_export.training.synthetic_recordings import tone

FILE = content(tone(0, 3.0), "OGG", "VORBIS")


def test_a_whole_file_ends() -> None:
    assert begins_like_ogg(FILE)
    assert ends_with_last_page(io.BytesIO(FILE))
    assert ends_with_last_page(io.BytesIO(FILE + b"TAG" + bytes(125)))


@pytest.mark.parametrize("missing", [1, 100, len(FILE) // 2, len(FILE) - 30, len(FILE)])
def test_a_part_of_it_does_not(missing: int) -> None:
    assert not ends_with_last_page(io.BytesIO(FILE[: len(FILE) - missing]))
