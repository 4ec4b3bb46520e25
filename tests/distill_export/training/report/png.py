"""Reading the pictures that a page holds."""

from __future__ import annotations

import struct
import zlib

import numpy as np


def decode_png(content: bytes) -> np.ndarray:
    """Read an image without interlacing, whose rows all have filter 0."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, size = 8, b"", (0, 0)
    while at < len(content):
        length, name = struct.unpack(">I4s", content[at : at + 8])
        part = content[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", content[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(name + part)
        if name == b"IHDR":
            size = struct.unpack(">II", part[:8])
        data += part if name == b"IDAT" else b""
        at += 12 + length
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(size[1], 1 + 3 * size[0])
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(size[1], size[0], 3)
