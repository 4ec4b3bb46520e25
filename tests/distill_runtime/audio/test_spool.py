"""The spool gives back what it was given, as often as it is asked, in memory or on disk."""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime import OutputError
from distill_runtime.audio import spool as module
from distill_runtime.audio.level_meter import LevelMeter
from distill_runtime.audio.spool import SoundSpool


def noise(channels: int, frames: int) -> np.ndarray:
    return np.random.default_rng(frames).uniform(-1, 1, (channels, frames)).astype(np.float32)


def whole(spool: SoundSpool, gain: float = 1.0) -> np.ndarray:
    return np.concatenate([np.zeros((spool.channels, 0)), *spool.blocks(gain)], axis=1)


@given(st.integers(1, 3), st.lists(st.integers(0, 400), max_size=6))
def test_what_goes_in_comes_out(channels: int, sizes: list[int]) -> None:
    sound = noise(channels, sum(sizes))
    spool = SoundSpool(channels)
    for block in np.split(sound, np.cumsum(sizes)[:-1] if sizes else [], axis=1):
        spool.write(block)
    assert spool.frames == sum(sizes)
    for _ in range(2):
        assert np.array_equal(whole(spool), sound)
    assert np.array_equal(whole(spool, 0.5), sound * np.float32(0.5))


def test_a_transposed_or_double_block_is_the_same_sound() -> None:
    sound = noise(2, 300)
    spool = SoundSpool(2)
    spool.write(np.ascontiguousarray(sound.T).T)
    spool.write(sound.astype(np.float64))
    assert np.array_equal(whole(spool), np.concatenate([sound, sound], axis=1))


def test_two_readers_do_not_disturb_each_other() -> None:
    sound = noise(1, 3 * 2**16 + 5)
    spool = SoundSpool(1)
    spool.write(sound)
    pairs = list(zip(spool.blocks(), spool.blocks(2.0), strict=True))
    assert len(pairs) == 4
    assert np.array_equal(np.concatenate([a for a, _ in pairs], axis=1), sound)
    assert np.array_equal(np.concatenate([b for _, b in pairs], axis=1), sound * np.float32(2))


@pytest.mark.parametrize(("expected_frames", "first"), [(0, 5000), (0, 1), (5000, 1)])
def test_a_long_sound_lies_in_a_file_that_goes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_frames: int, first: int
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(module, "MEMORY_BYTES", 1000)
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("there is no /proc to see open files in")

    def open_here() -> int:
        count = 0
        for entry in folder.iterdir():
            try:
                count += str(entry.readlink()).startswith(str(tmp_path))
            except OSError:
                continue
        return count

    spool = SoundSpool(2, expected_frames)
    sound = noise(2, 5000)
    spool.write(sound[:, :first])
    # What is known to become long is there from the first block on.
    assert open_here() == (first == 5000 or expected_frames > 0)
    spool.write(sound[:, first:])
    assert open_here() == 1
    assert list(tmp_path.iterdir()) == []  # it has no name, and nobody has to clean up
    assert np.array_equal(whole(spool), sound)
    del spool
    gc.collect()
    assert open_here() == 0


class Full:
    """A file on a disk that is full."""

    def __init__(self, **_: object) -> None:
        pass

    def write(self, data: Any) -> int:
        raise OSError(28, os.strerror(28))

    def close(self) -> None:
        pass


def no_file(**_: object) -> None:
    raise OSError(28, os.strerror(28))


@pytest.mark.parametrize("temporary_file", [Full, no_file])
def test_a_full_disk_is_told_with_its_folder(
    monkeypatch: pytest.MonkeyPatch, temporary_file: Any
) -> None:
    monkeypatch.setattr(module, "MEMORY_BYTES", 1000)
    monkeypatch.setattr(tempfile, "TemporaryFile", temporary_file)
    spool = SoundSpool(1)
    spool.write(noise(1, 250))
    with pytest.raises(OutputError) as failed:
        spool.write(noise(1, 1))
    assert tempfile.gettempdir() in str(failed.value)
    assert os.strerror(28) in str(failed.value)


@pytest.mark.parametrize("pieces", [[250], [251], [100, 150, 1, 400], [0, 250, 0, 1]])
def test_the_way_from_memory_to_a_file_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, pieces: list[int]
) -> None:
    monkeypatch.setattr(module, "MEMORY_BYTES", 1000)
    sound, spool = noise(1, sum(pieces)), SoundSpool(1)
    for piece in np.split(sound, np.cumsum(pieces)[:-1], axis=1):
        spool.write(piece)
    assert np.array_equal(whole(spool), sound)
    assert np.array_equal(whole(spool), sound)


def test_the_level_is_measured_on_the_way() -> None:
    sound = noise(2, 777)
    spool, meter = SoundSpool(2), LevelMeter()
    for block in np.split(sound, [100, 101, 400], axis=1):
        spool.write(block)
    meter.add(sound)
    assert spool.meter.peak == meter.peak == np.abs(sound).max()
    assert spool.meter.levels().rms_dbfs == pytest.approx(meter.levels().rms_dbfs)
