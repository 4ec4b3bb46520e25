"""Ogg pages: the checksum, and a serial number that follows from the content."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_runtime.audio_file import ogg


def _slow_checksum(page: bytes) -> int:
    """Compute the CRC as RFC 3533 words it, bit by bit."""
    register = 0
    for byte in page:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1) ^ (0x104C11DB7 if register & 0x80000000 else 0)
    return register


@pytest.mark.parametrize("size", [0, 1, 27, 1000])
def test_the_checksum(size: int) -> None:
    page = np.random.default_rng(size).bytes(size)
    assert ogg.checksum(page) == _slow_checksum(page)


def _write(path: Path, seed: int) -> Path:
    x = np.random.default_rng(seed).uniform(-0.5, 0.5, (20_000, 2))
    with soundfile.SoundFile(path, "w", 48_000, 2, format="OGG", subtype="VORBIS") as file:
        file.comment = "x" * 100_000  # of more than one page
        for start in range(0, 20_000, 4000):
            file.write(x[start : start + 4000])
    return path


def test_a_serial_number_of_the_content(tmp_path: Path) -> None:
    a, b, c = (_write(tmp_path / name, seed) for name, seed in [("a", 0), ("b", 0), ("c", 1)])
    before = soundfile.read(a)[0]
    assert a.read_bytes() != b.read_bytes()
    for path in (a, b, c):
        ogg.renumber(path)
    assert a.read_bytes() == b.read_bytes()
    assert a.read_bytes()[14:18] != c.read_bytes()[14:18]
    # The decoder skips pages whose checksum is wrong.
    np.testing.assert_array_equal(soundfile.read(a)[0], before)


def test_twice_is_once(tmp_path: Path) -> None:
    path = _write(tmp_path / "a", 0)
    ogg.renumber(path)
    once = path.read_bytes()
    ogg.renumber(path)
    assert path.read_bytes() == once


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-1], "the Ogg page at byte .* is cut off"),
        (lambda content: content[:10], "no Ogg page at byte 0"),
        (lambda content: content + b"more" * 10, "no Ogg page at byte "),
    ],
)
def test_what_is_no_whole_ogg(tmp_path: Path, damage: object, message: str) -> None:
    path = _write(tmp_path / "a", 0)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ValueError, match=message):
        ogg.renumber(path)
