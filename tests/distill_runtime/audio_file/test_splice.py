"""Other bytes in the middle of a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distill_runtime.audio_file.splice import splice


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20])
@pytest.mark.parametrize("content", [b"", b"x", b"head" * 300_000])
def test_bytes_in_front_of_a_file(tmp_path: Path, size: int, content: bytes) -> None:
    path = tmp_path / "a"
    before = np.random.default_rng(size).bytes(size)
    path.write_bytes(before)
    splice(path, 0, 0, content)
    assert path.read_bytes() == content + before


@pytest.mark.parametrize("size", [100, 2**20 + 100, 2**21 + 100])
@pytest.mark.parametrize("content", [b"", b"abc", b"x" * 20, b"head" * 300_000])
def test_bytes_in_the_place_of_others(tmp_path: Path, size: int, content: bytes) -> None:
    path = tmp_path / "a"
    before = np.random.default_rng(size).bytes(size)
    path.write_bytes(before)
    splice(path, 30, 50, content)
    assert path.read_bytes() == before[:30] + content + before[50:]
