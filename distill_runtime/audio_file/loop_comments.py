"""Loop points among the comments of FLAC and OGG: LOOPSTART and LOOPLENGTH, in frames.

That is how games and their editors name them. libsndfile writes comments of a few names only, so
these are put into the finished file. Both containers hold comments as Vorbis does
(https://xiph.org/vorbis/doc/v-comment.html), FLAC in a metadata block (RFC 9639, section 8.6), OGG
in a packet of its own.
"""

from __future__ import annotations

import struct
from pathlib import Path

from distill_runtime.audio_file import ogg
from distill_runtime.audio_file.splice import splice

_COMMENT_BLOCK, _LAST = 4, 0x80
_OGG_HEAD = b"\x03vorbis"


def add_to_flac(path: Path, frames: int) -> None:
    """Say in a FLAC that all of its frames are a loop.

    Raises:
        ValueError: It is no FLAC, or it has no comments at all.
    """
    with path.open("rb") as file:
        if file.read(4) != b"fLaC":
            raise ValueError("no FLAC begins here")
        while len(head := file.read(4)) == 4:
            size = int.from_bytes(head[1:], "big")
            if head[0] & ~_LAST == _COMMENT_BLOCK:
                start = file.tell()
                changed = _with_loop(file.read(size), frames)
                break
            if head[0] & _LAST:
                raise ValueError("there is no block of comments")
            file.seek(size, 1)
        else:
            raise ValueError("the FLAC is cut off")
    block = head[:1] + len(changed).to_bytes(3, "big") + changed
    splice(path, start - 4, start + size, block)


def add_to_ogg(path: Path, frames: int) -> None:
    """Say in an OGG that all of its frames are a loop; `ogg.renumber` then mends its pages.

    Raises:
        ValueError: It is no Ogg file, not a whole one, or not of Vorbis.
    """

    def changed(comments: bytes) -> bytes:
        if not comments.startswith(_OGG_HEAD):
            raise ValueError("the second packet is not of Vorbis' comments")
        return _OGG_HEAD + _with_loop(comments[len(_OGG_HEAD) :], frames)

    ogg.change_comments(path, changed)


def _with_loop(comments: bytes, frames: int) -> bytes:
    """Return comments with two more in front of the others."""
    (vendor_bytes,) = struct.unpack_from("<I", comments)
    (count,) = struct.unpack_from("<I", comments, 4 + vendor_bytes)
    vendor, others = comments[: 4 + vendor_bytes], comments[8 + vendor_bytes :]
    added = [b"LOOPSTART=0", b"LOOPLENGTH=%d" % frames]
    texts = b"".join(struct.pack("<I", len(text)) + text for text in added)
    return vendor + struct.pack("<I", count + len(added)) + texts + others
