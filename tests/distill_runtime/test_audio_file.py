"""WAV files: what is in them, and what is left when writing fails."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_runtime import audio_file
from distill_runtime.audio_file import AudioFormat, write_wav
from distill_runtime.errors import OutputError, OutputExistsError, RequestError

RATE_HZ = 48_000


def _sound(channels: int = 2, frames: int = 5000) -> np.ndarray:
    noise = np.random.default_rng(frames).uniform(-0.9, 0.9, (channels, frames))
    return noise.astype(np.float32)


def _write(path: Path, *blocks: np.ndarray, **changes: Any) -> int:
    options = {"sample_rate_hz": RATE_HZ, "channels": 2, "bit_depth": 24} | changes
    return write_wav(path, blocks, **options)


def _read(path: Path) -> np.ndarray:
    samples, _ = soundfile.read(path, dtype="float64", always_2d=True)
    return np.asarray(samples.T)


@pytest.mark.parametrize(("channels", "rate_hz"), [(1, 44_100), (2, 48_000), (2, 96_000)])
@pytest.mark.parametrize(
    ("bit_depth", "tolerance"), [(16, 1.5 / 2**15), (24, 0.5 / 2**23), (32, 0.0)]
)
def test_what_is_written_is_read(
    tmp_path: Path, channels: int, rate_hz: int, bit_depth: int, tolerance: float
) -> None:
    path = tmp_path / "a.wav"
    x = _sound(channels)
    count = _write(path, x, channels=channels, sample_rate_hz=rate_hz, bit_depth=bit_depth)
    info = soundfile.info(path)
    subtype = {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"}[bit_depth]
    assert (info.format, info.subtype) == ("WAV", subtype)
    assert (info.samplerate, info.channels, info.frames) == (rate_hz, channels, count)
    np.testing.assert_allclose(_read(path), x, rtol=0.0, atol=tolerance)


@pytest.mark.parametrize("bit_depth", [16, 24, 32])
@given(cuts=st.lists(st.integers(0, 3000), max_size=8), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_any_cut_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, bit_depth: int, cuts: list[int], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    x = _sound(2, 3000)
    settings = {"bit_depth": bit_depth, "seed_for_dither": seed}
    _write(folder / "whole.wav", x, **settings)
    _write(folder / "cut.wav", *np.split(x, sorted(cuts), axis=1), **settings)
    assert (folder / "cut.wav").read_bytes() == (folder / "whole.wav").read_bytes()


def test_the_time_of_day_is_not_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"
    _write(path, _sound(), bit_depth=32)
    content = path.read_bytes()
    start = content.index(b"PEAK")
    assert content[start + 12 : start + 16] == bytes(4)
    monkeypatch.setattr(audio_file, "_clear_peak_time", lambda path: None)
    _write(tmp_path / "b.wav", _sound(), bit_depth=32)
    other = (tmp_path / "b.wav").read_bytes()
    # Only these four bytes were touched.
    assert other[: start + 12] == content[: start + 12]
    assert other[start + 16 :] == content[start + 16 :]
    assert other[start + 12 : start + 16] != bytes(4)


def test_dither_follows_its_seed(tmp_path: Path) -> None:
    x = _sound()
    for name, seed in [("a", 1), ("b", 1), ("c", 2)]:
        _write(tmp_path / name, x, bit_depth=16, seed_for_dither=seed)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def test_dither_is_triangular_and_keeps_the_mean(tmp_path: Path) -> None:
    # A third of a step: rounding alone would lose it, and its error would follow the signal.
    step = 1.0 / 2**15
    x = np.full((2, 100_000), step / 3.0)
    _write(tmp_path / "a.wav", x, bit_depth=16)
    steps = _read(tmp_path / "a.wav") / step
    assert set(np.unique(steps)) == {-1.0, 0.0, 1.0}
    np.testing.assert_allclose(steps.mean(axis=1), 1.0 / 3.0, atol=0.01)
    # Triangular dither leaves a quarter of a step squared, whatever the signal.
    np.testing.assert_allclose(steps.var(axis=1), 0.25, atol=0.01)
    assert abs(np.corrcoef(steps)[0, 1]) < 0.02


@pytest.mark.parametrize(("bit_depth", "top"), [(16, 1 - 2**-15), (24, 1 - 2**-23)])
def test_beyond_full_scale_is_clipped_not_wrapped(
    tmp_path: Path, bit_depth: int, top: float
) -> None:
    x = np.array([[2.0, -2.0, 1e30, -1e30]], dtype=np.float32)
    _write(tmp_path / "a.wav", x, channels=1, bit_depth=bit_depth)
    np.testing.assert_array_equal(_read(tmp_path / "a.wav"), [[top, -1.0, top, -1.0]])


def test_floats_are_not_clipped(tmp_path: Path) -> None:
    x = np.array([[2.0, -3.5, 1e-30]], dtype=np.float32)
    _write(tmp_path / "a.wav", x, channels=1, bit_depth=32)
    np.testing.assert_array_equal(_read(tmp_path / "a.wav"), x)


def test_24_bits_are_rounded_to_the_nearest(tmp_path: Path) -> None:
    x = np.array([[0.6, -0.6, 0.4, 100.0]]) / 2**23
    _write(tmp_path / "a.wav", x, channels=1)
    np.testing.assert_array_equal(_read(tmp_path / "a.wav") * 2**23, [[1.0, -1.0, 0.0, 100.0]])


@pytest.mark.parametrize("blocks", [[], [np.zeros((2, 0), dtype=np.float32)]])
def test_no_samples_are_a_file_too(tmp_path: Path, blocks: list[np.ndarray]) -> None:
    assert _write(tmp_path / "a.wav", *blocks) == 0
    assert soundfile.info(tmp_path / "a.wav").frames == 0


@pytest.mark.parametrize("bit_depth", [16, 24, 32])
def test_beyond_4_gb_it_is_rf64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bit_depth: int
) -> None:
    path = tmp_path / "a.wav"
    x = _sound()
    monkeypatch.setattr(audio_file, "_WAV_LIMIT_BYTES", 5000 * 2 * bit_depth // 8 - 1)
    _write(path, x, bit_depth=bit_depth, frames=5000)
    assert path.read_bytes()[:4] == b"RF64"
    info = soundfile.info(path)
    assert (info.format, info.frames) == ("RF64", 5000)
    np.testing.assert_allclose(_read(path), x, rtol=0.0, atol=1.5 / 2**15)


def test_4_gb_is_where_it_changes() -> None:
    assert AudioFormat("wav", 16).major_type(2**32 - 4096) == "WAV"
    assert AudioFormat("wav", 16).major_type(2**32 - 4095) == "RF64"


def test_an_unknown_length_may_not_grow_beyond_a_wav(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio_file, "_WAV_LIMIT_BYTES", 40_000)
    with pytest.raises(OutputError, match=r"would exceed 4 GB, .*: give the number of frames"):
        _write(tmp_path / "a.wav", _sound(), _sound())
    assert not list(tmp_path.iterdir())


def test_an_existing_file_is_kept_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        _write(path, _sound())
    assert path.read_bytes() == b"mine"
    _write(path, _sound(), overwrite=True)
    assert soundfile.info(path).frames == 5000


def test_a_full_disk(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "a.wav"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(OutputError) as raised:
            _write(path, *[_sound()] * 40)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert re.search(r"a\.wav is not complete: .* frames.*; is the disk full\?$", str(raised.value))
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_a_write_that_falls_short_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soundfile, "info", lambda path: SimpleNamespace(frames=4000))
    with pytest.raises(OutputError) as raised:
        _write(tmp_path / "a.wav", _sound())
    assert str(raised.value) == (
        f"{tmp_path / 'a.wav'} is not complete: 4000 frames of 5000; is the disk full?"
    )
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(path: Path) -> None:
        raise soundfile.LibsndfileError(1)

    monkeypatch.setattr(soundfile, "info", unreadable)
    with pytest.raises(OutputError, match="is not complete: 0 frames of 5000; is the disk full"):
        _write(tmp_path / "a.wav", _sound())
    assert not list(tmp_path.iterdir())


def test_a_write_that_soundfile_asserts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def short(self: soundfile.SoundFile, data: np.ndarray) -> None:
        raise AssertionError

    monkeypatch.setattr(soundfile.SoundFile, "write", short)
    with pytest.raises(OutputError, match=r"is not complete: .* is the disk full"):
        _write(tmp_path / "a.wav", _sound())


def test_what_the_blocks_raise_comes_through(tmp_path: Path) -> None:
    def blocks() -> Iterator[np.ndarray]:
        yield _sound()
        raise KeyError("theirs")

    with pytest.raises(KeyError, match="theirs"):
        write_wav(tmp_path / "a.wav", blocks(), sample_rate_hz=RATE_HZ, channels=2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("frames", [4999, 5001])
def test_other_frames_than_announced(tmp_path: Path, frames: int) -> None:
    with pytest.raises(ValueError, match=f"{frames} frames were announced and 5000 came"):
        _write(tmp_path / "a.wav", _sound(), frames=frames)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bit_depth", [16, 24, 32])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_sound(tmp_path: Path, value: float, bit_depth: int) -> None:
    broken = _sound()
    broken[1, 17] = value
    with pytest.raises(OutputError, match=r"NaN or infinite within 5000 frames of frame 5000$"):
        _write(tmp_path / "a.wav", _sound(), broken, bit_depth=bit_depth)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bit_depth": 8}, "the bit depth is 8, expected one of 16, 24, 32 for wav"),
        ({"bit_depth": True}, "the bit depth is True, expected one of"),
        ({"bit_depth": "16"}, "the bit depth is '16', expected one of"),
        ({"sample_rate_hz": 0}, "the sample rate is 0, expected an integer from 1 to 2147483647"),
        ({"sample_rate_hz": 48_000.0}, "the sample rate is 48000.0, expected an integer"),
        ({"channels": 0}, "the number of channels is 0, expected an integer from 1 to 1024"),
        ({"sample_rate_hz": 2**31}, "the sample rate is 2147483648, expected an integer"),
        ({"channels": 1025}, "the number of channels is 1025, expected an integer"),
        ({"channels": True}, "the number of channels is True, expected an integer"),
        ({"channels": 1}, "a block has shape [2, 5000], expected [1, samples]"),
        ({"seed_for_dither": -1}, "the seed is -1"),
    ],
)
def test_settings_out_of_bounds(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        _write(tmp_path / "a.wav", _sound(), **changes)
    assert not list(tmp_path.iterdir())


def test_a_block_without_a_channel_axis(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=re.escape("a block has shape [100], expected [2, s")):
        _write(tmp_path / "a.wav", np.zeros(100, dtype=np.float32))


def test_an_unknown_container() -> None:
    with pytest.raises(RequestError, match="the format is 'aiff', expected one of wav"):
        AudioFormat("aiff", 16)


def test_a_format_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        AudioFormat().bit_depth = 16  # type: ignore[misc]
