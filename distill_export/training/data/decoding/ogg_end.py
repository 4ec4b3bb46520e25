"""Whether an Ogg file has an end: its last page says so."""

from __future__ import annotations

import os
from typing import BinaryIO

_PAGE = b"OggS"
_FLAGS_AT = 5
_LAST_PAGE = 4  # RFC 3533, section 6: the header type flag of a stream's last page
_LONGEST_PAGE = 65_307


def begins_like_ogg(head: bytes) -> bool:
    """Whether the first bytes of a file are those of an Ogg page."""
    return head[:4] == _PAGE


def ends_with_last_page(file: BinaryIO) -> bool:
    """Whether the last page that begins in a file is marked as the last one, and is whole."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 2 * _LONGEST_PAGE))
    rest = file.read()
    page = rest[rest.rfind(_PAGE) :]
    if len(page) < 27:
        return False
    segments = page[27 : 27 + page[26]]
    return bool(page[_FLAGS_AT] & _LAST_PAGE) and len(page) >= 27 + len(segments) + sum(segments)
