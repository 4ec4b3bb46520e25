"""The tags of an MP3: ID3 version 2.4, in UTF-8 (https://id3.org/id3v2.4.0-structure).

libsndfile's own, written by LAME, say Latin-1 whatever the bytes are.
"""

from __future__ import annotations

import struct

from distill_runtime.audio_file.tags import Tags

_FRAMES = {"title": b"TIT2", "artist": b"TPE1", "album": b"TALB", "comment": b"COMM"}
_UTF8 = b"\x03"
_NO_LANGUAGE = b"XXX"


def id3_tag(tags: Tags) -> bytes:
    """Return the tag that stands in front of the sound, or nothing where there is no text."""
    frames = b"".join(_frame(name, text) for name, text in tags.items() if text)
    return b"ID3\x04\x00\x00" + _synchsafe(len(frames)) + frames if frames else b""


def _frame(name: str, text: str) -> bytes:
    # A comment has a language and a description, here an empty one, before its text.
    kind = _NO_LANGUAGE + b"\0" if name == "comment" else b""
    content = _UTF8 + kind + text.encode()
    return _FRAMES[name] + _synchsafe(len(content)) + b"\0\0" + content


def _synchsafe(size: int) -> bytes:
    """Write a size in four bytes of seven bits, so that it never looks like an MPEG frame."""
    return struct.pack("4B", *(size >> shift & 0x7F for shift in (21, 14, 7, 0)))
