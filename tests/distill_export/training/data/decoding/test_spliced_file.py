from __future__ import annotations

import io
import os

from hypothesis import given
from hypothesis import strategies as st

from distill_export.training.data.decoding.spliced_file import NewHead, SplicedFile

STEPS = st.lists(
    st.tuples(
        st.sampled_from([os.SEEK_SET, os.SEEK_CUR, os.SEEK_END]),
        st.integers(-30, 30),
        st.integers(0, 20),
    ),
    max_size=8,
)


@given(head=st.binary(max_size=10), file=st.binary(max_size=20), at=st.integers(0, 25), steps=STEPS)
def test_it_reads_like_the_file_that_it_stands_for(
    head: bytes, file: bytes, at: int, steps: list[tuple[int, int, int]]
) -> None:
    whole = head + file[at:]
    spliced = SplicedFile(NewHead(head, at), io.BytesIO(file))
    place = 0
    for whence, offset, count in steps:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: place, os.SEEK_END: len(whole)}[whence]
        place = max(0, start + offset)
        assert spliced.seek(offset, whence) == spliced.tell() == place
        expected = whole[place : place + count]
        assert spliced.read(count) == expected
        place += len(expected)


def test_a_disk_that_fails_ends_it() -> None:
    class Failing(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            raise OSError("the disk is gone")

    spliced = SplicedFile(NewHead(b"head", 0), Failing(b"file"))
    assert spliced.read(10) == b"head"
    assert spliced.read(10) == b""
