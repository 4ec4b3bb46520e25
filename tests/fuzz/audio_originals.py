"""Good recordings to begin with, and numbers that a decoder may stumble over."""

from __future__ import annotations

import functools
import io
import random
import struct

import numpy as np
import soundfile

RATE_HZ = 48_000
NUMBERS = (
    *(0, 1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 24, 32, 33, 63, 64, 65, 127, 128, 255, 256),
    *(1023, 1024, 1025, 3999, 4000, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 768_000, 768_001),
    *(0x7FFFFFFF, 0x80000000, 0xFFFFFFF7, 0xFFFFFFFE, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1),
)


@functools.cache
def original(format: str, subtype: str, channels: int) -> bytes:
    """Return a good file of a fifth of a second: a tone in noise, louder in some places."""
    rate_hz = 8_000 if format == "WVE" or subtype == "GSM610" else RATE_HZ
    rate_hz = 44_100 if format in ("MPC2K", "XI") else rate_hz
    t = np.arange(rate_hz // 5)[:, None] / rate_hz
    noise = np.random.default_rng(0).standard_normal((len(t), channels))
    sound = 0.3 * np.sin(2 * np.pi * (220 * t + np.arange(channels) / 7)) + 0.02 * noise
    buffer = io.BytesIO()
    sound *= 1 + 0.5 * np.sin(2 * np.pi * 5 * t)
    soundfile.write(buffer, sound, rate_hz, format=format, subtype=subtype)
    return buffer.getvalue()


def lie(chance: random.Random, bits: int, near: int = 0) -> int:
    """Return a number that some decoder may stumble over, of so many bits."""
    kind = chance.random()
    if kind < 0.6:
        number = chance.choice(NUMBERS)
    elif kind < 0.8:
        number = near + chance.choice((-2, -1, 1, 2, 8, -8))
    else:
        number = chance.getrandbits(chance.randrange(1, bits + 1))
    return number % 2**bits


def put(chance: random.Random, body: bytearray, offset: int, code: str) -> None:
    """Overwrite a number in place, if it is there; `code` as for `struct`."""
    size = struct.calcsize(code)
    if offset + size <= len(body):
        order = "big" if code[0] == ">" else "little"
        near = int.from_bytes(body[offset : offset + size], order)
        body[offset : offset + size] = lie(chance, 8 * size, near).to_bytes(size, order)


def flip(chance: random.Random, body: bytearray, *, most: int = 8) -> None:
    """Change a few bytes anywhere."""
    for _ in range(chance.randint(1, most) if body else 0):
        body[chance.randrange(len(body))] = chance.choice((0, 0xFF, chance.getrandbits(8)))
