"""Sound into pipes: a proper WAV, or bare samples."""

from __future__ import annotations

import io
import os
import re
import threading
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime.audio_file import wav
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.pipe import write_raw_stream, write_wav_stream
from distill_runtime.audio_file.tags import Tags
from distill_runtime.audio_file.writer import write_audio
from distill_runtime.errors import OutputError, RequestError


def _sound(channels: int = 2, frames: int = 5000) -> np.ndarray:
    return np.random.default_rng(frames).uniform(-0.9, 0.9, (channels, frames)).astype(np.float32)


def _wav(*blocks: np.ndarray, **changes: Any) -> bytes:
    file = io.BytesIO()
    options = {"frames": 5000, "sample_rate_hz": 48_000, "channels": 2} | changes
    write_wav_stream(file, blocks, **options)
    return file.getvalue()


@pytest.mark.parametrize("bit_depth", [16, 24, 32])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_same_bytes_as_a_file(tmp_path: Path, bit_depth: int, channels: int) -> None:
    x = _sound(channels, 5001)
    options: dict[str, Any] = {
        "sample_rate_hz": 44_100,
        "channels": channels,
        "frames": 5001,
        "tags": Tags(title="a", comment="b"),
        "seed_for_dither": 7,
    }
    path = tmp_path / "a.wav"
    write_audio(path, [x], audio_format=AudioFormat("wav", bit_depth), **options)
    content = _wav(x[:, :100], x[:, 100:], bit_depth=bit_depth, **options)
    assert content == path.read_bytes()


def test_through_a_pipe() -> None:
    reader, writer = os.pipe()
    content = bytearray()

    def read() -> None:
        with os.fdopen(reader, "rb") as file:
            content.extend(file.read())

    thread = threading.Thread(target=read)
    thread.start()
    # Unbuffered: the pipe takes what it can, which is less than a block.
    with os.fdopen(writer, "wb", buffering=0) as file:
        x = _sound(2, 100_000)
        write_wav_stream(file, [x], frames=100_000, sample_rate_hz=48_000, channels=2, bit_depth=16)
    thread.join()
    with wave.open(io.BytesIO(bytes(content))) as sound:
        assert sound.getparams()[:4] == (2, 2, 48_000, 100_000)
        samples = np.frombuffer(sound.readframes(100_000), "<i2").reshape(-1, 2).T
    np.testing.assert_allclose(samples / 2**15, x, rtol=0.0, atol=1.5 / 2**15)


@pytest.mark.parametrize("raw", [False, True])
def test_a_reader_that_has_gone(raw: bool) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", buffering=0) as file, pytest.raises(BrokenPipeError):
        if raw:
            write_raw_stream(file, [_sound()], encoding="f32", channels=2)
        else:
            write_wav_stream(file, [_sound()], frames=5000, sample_rate_hz=48_000, channels=2)


def test_beyond_4_gb_it_is_rf64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wav, "LIMIT_BYTES", 10_000)
    assert _wav(_sound()).startswith(b"RF64")


@pytest.mark.parametrize("frames", [4999, 5001])
def test_other_frames_than_announced(frames: int) -> None:
    with pytest.raises(ValueError, match=f"{frames} frames were announced and 5000 "):
        _wav(_sound(), frames=frames)


def test_not_one_frame_more_than_announced_goes_out() -> None:
    file = io.BytesIO()
    with pytest.raises(ValueError, match="announced"):
        write_wav_stream(file, [_sound(), _sound()], frames=5000, sample_rate_hz=48_000, channels=2)
    assert len(file.getvalue()) == 44 + 5000 * 6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bit_depth": 8}, "bit_depth is 8"),
        ({"sample_rate_hz": 0}, "sample_rate_hz is 0"),
        ({"channels": 0}, "the number of channels is 0"),
        ({"channels": 1}, "a block has shape [2, 5000], expected [1, samples]"),
        ({"seed_for_dither": 2**32}, "seed is 4294967296"),
    ],
)
def test_settings_out_of_bounds(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        _wav(_sound(), **changes)


def test_floats_are_bare() -> None:
    file = io.BytesIO()
    x = _sound()
    assert write_raw_stream(file, np.split(x, 5, axis=1), encoding="f32", channels=2) == 5000
    np.testing.assert_array_equal(np.frombuffer(file.getvalue(), "<f4").reshape(-1, 2).T, x)


def test_integers_are_those_of_a_wav() -> None:
    file = io.BytesIO()
    write_raw_stream(file, [_sound()], encoding="s16", channels=2, seed_for_dither=3)
    assert file.getvalue() == _wav(_sound(), bit_depth=16, seed_for_dither=3)[44:]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoding": "s24"}, "the raw encoding is 's24', expected one of f32, s16"),
        ({"channels": 1}, "a block has shape [2, 5000], expected [1, samples]"),
        ({"seed_for_dither": -1}, "seed is -1"),
    ],
)
def test_raw_settings_out_of_bounds(changes: dict[str, Any], message: str) -> None:
    options: dict[str, Any] = {"encoding": "s16", "channels": 2} | changes
    with pytest.raises(RequestError, match=re.escape(message)):
        write_raw_stream(io.BytesIO(), [_sound()], **options)


def test_what_is_no_sound() -> None:
    with pytest.raises(OutputError, match=r"^the stream is not written: the sound is NaN"):
        _wav(np.full((2, 5000), np.nan))
