"""A page that holds an artifact: one .html file, which a browser opens and plays.

The artifact is in one element, as base64:

    <script id="distill-model" type="application/octet-stream" data-name="rain.onnx">...</script>

Only that element is read here. What the rest of a page does is for the browser that opens it.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import BinaryIO

from distill_runtime.errors import ArtifactError

# In a template, where the element goes.
MARKER = b"<!--distill:model-->"

_OPENING = b'<script id="distill-model" type="application/octet-stream" data-name="'
_CLOSING = b"</script>"
_REST_OF_OPENING = re.compile(rb'[^<>"]*">')
_MAX_NAME_BYTES = 4096
_BLOCK_BYTES = 2**20
_STARTS = (b"<", b"\xef\xbb\xbf<")  # no ONNX file starts so


class NoModelError(ArtifactError):
    """A page, and none of ours."""


def is_page(file: BinaryIO) -> bool:
    """Whether a file is HTML, to look at its first bytes; it is left at its start."""
    start = file.read(64).lstrip()
    file.seek(0)
    return start.startswith(_STARTS)


def packed(template: bytes, data: bytes, *, name: str) -> bytes:
    """Return a page with an artifact in it.

    Args:
        template: A page with `MARKER` in it, once.
        data: The artifact.
        name: What its file would be called: "rain.onnx".
    """
    assert template.count(MARKER) == 1, "a template has one place for a model"
    import html  # noqa: PLC0415  (its table of entities is large, and pages are rarely written)

    escaped = html.escape(name, quote=True).encode("utf-8", "replace")
    encoded = binascii.b2a_base64(data, newline=False)
    return template.replace(MARKER, b"".join([_OPENING, escaped, b'">', encoded, _CLOSING]))


def unpacked(file: BinaryIO) -> bytes:
    """Return the artifact that a page holds.

    Raises:
        NoModelError: It holds none.
        ArtifactError: It holds more than one, or one that is damaged.
    """
    places = _places(file, _OPENING, 0)
    opening = next(places, None)
    if opening is None:
        raise NoModelError("is a page without a model in it, expected one of distill-export")
    if next(places, None) is not None:
        raise ArtifactError("is a page with two models in it, expected one")
    file.seek(opening + len(_OPENING))
    rest = _REST_OF_OPENING.match(file.read(_MAX_NAME_BYTES))
    if rest is None:
        raise ArtifactError("is a page whose model has no name that can be read")
    start = opening + len(_OPENING) + rest.end()
    end = next(_places(file, _CLOSING, start), None)
    if end is None:
        raise ArtifactError("is a page that is cut off: its model has no end")
    file.seek(start)
    try:
        return binascii.a2b_base64(file.read(end - start), strict_mode=True)
    except binascii.Error:
        raise ArtifactError("is a page whose model is damaged: it is no base64") from None


def _places(file: BinaryIO, what: bytes, start: int) -> Iterator[int]:
    """Yield where some bytes are found in a file, from a place on."""
    place, kept = start, b""
    while True:
        file.seek(place)
        block = file.read(_BLOCK_BYTES)
        if not block:
            return
        both = kept + block
        for match in re.finditer(re.escape(what), both):
            yield place - len(kept) + match.start()
        kept = both[-len(what) + 1 :]
        place += len(block)
