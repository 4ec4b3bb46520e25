"""ID3 tags, byte by byte."""

from __future__ import annotations

from distill_runtime.audio_file import id3
from distill_runtime.audio_file.tags import Tags


def test_the_bytes_of_a_tag() -> None:
    assert id3.id3_tag(Tags(title="ä", comment="b" * 200)) == (
        b"ID3\x04\x00\x00\x00\x00\x01\x64"  # 228 bytes, seven bits in each
        b"TIT2\x00\x00\x00\x03\x00\x00\x03\xc3\xa4"
        b"COMM\x00\x00\x01\x4d\x00\x00\x03XXX\x00" + b"b" * 200
    )


def test_no_text_is_no_tag() -> None:
    assert id3.id3_tag(Tags()) == b""
