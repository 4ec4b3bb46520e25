from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_export.training.data.recordings import (
    CHUNK_SAMPLES,
    RecordingFile,
    find_files,
    read_chunks,
)
from distill_runtime.audio.level import TARGET_PEAK
from distill_runtime.errors import RecordingError
from tests.distill_export.training.synthetic_recordings import RATE_HZ, tone


def chunks_of(path: Path, sound: np.ndarray, rate_hz: int = RATE_HZ, **kind: str) -> list:
    soundfile.write(path, sound, rate_hz, **kind)
    return list(read_chunks(path))


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000])
def test_every_format_and_rate_gives_seconds_at_one_peak(
    tmp_path: Path, ending: str, rate_hz: int
) -> None:
    chunks = chunks_of(tmp_path / f"a.{ending}", tone(1, 2.2, rate_hz), rate_hz)
    assert len(chunks) == 2
    for chunk in chunks:
        assert chunk.shape == (CHUNK_SAMPLES,) and chunk.dtype == np.float32
        assert np.abs(chunk).max() == pytest.approx(TARGET_PEAK)
    spectrum = np.abs(np.fft.rfft(chunks[0]))
    assert spectrum.argmax() == pytest.approx(110 * 2 ** (5 / 12), abs=6)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = tone(1, 1.0), tone(2, 1.0)
    both = chunks_of(tmp_path / "both.wav", np.stack([left, right], 1), subtype="FLOAT")
    mono = chunks_of(tmp_path / "mono.wav", (left + right) / 2, subtype="FLOAT")
    np.testing.assert_allclose(both[0], mono[0], atol=1e-6)
    against = chunks_of(tmp_path / "against.wav", np.stack([left, -left], 1), subtype="FLOAT")
    assert not against


@pytest.mark.parametrize(
    ("duration_s", "chunks"), [(0.1, 1), (0.5, 1), (1.0, 1), (1.4, 1), (1.5, 2), (3.0, 3)]
)
def test_a_rest_counts_from_half_a_second(tmp_path: Path, duration_s: float, chunks: int) -> None:
    found = chunks_of(tmp_path / "a.wav", tone(0, duration_s))
    assert len(found) == chunks
    rest = round(duration_s * RATE_HZ) - (chunks - 1) * CHUNK_SAMPLES
    if rest < CHUNK_SAMPLES:
        assert not found[-1][rest:].any()


def test_silence_is_left_out(tmp_path: Path) -> None:
    sound = np.concatenate([tone(0, 1.0), np.zeros(RATE_HZ), 1e-4 * tone(1, 1.0), tone(2, 1.0)])
    assert len(chunks_of(tmp_path / "a.wav", sound, subtype="FLOAT")) == 2
    assert not chunks_of(tmp_path / "b.wav", np.zeros(RATE_HZ))
    assert not chunks_of(tmp_path / "c.wav", np.zeros(0))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused(tmp_path: Path, value: float) -> None:
    sound = tone(0, 1.0)
    sound[100] = value
    with pytest.raises(RecordingError, match="holds NaN or infinity"):
        chunks_of(tmp_path / "a.wav", sound, subtype="FLOAT")


def test_files_are_found_in_a_fixed_order(tmp_path: Path) -> None:
    for name in ("b.wav", "a.wav", "sub/c.wav", ".hidden.wav", ".git/d.wav"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    os.mkfifo(tmp_path / "pipe.wav")
    names = [path.relative_to(tmp_path).as_posix() for path in find_files(tmp_path)]
    assert names == ["a.wav", "b.wav", "sub/c.wav"]


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="does not exist"):
        find_files(tmp_path / "nowhere")
    (tmp_path / "a.wav").write_bytes(b"")
    with pytest.raises(RecordingError, match="is a file"):
        find_files(tmp_path / "a.wav")


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    for name, content in (("a.wav", b""), ("b.txt", b"hello"), ("c.raw", bytes(100))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RecordingError, match="is not an audio file"):
            RecordingFile.open(tmp_path / name, tmp_path)
    soundfile.write(tmp_path / "slow.wav", np.zeros(10), 100)
    with pytest.raises(RecordingError, match="has 100 Hz"):
        RecordingFile.open(tmp_path / "slow.wav", tmp_path)
    with pytest.raises(RecordingError, match="cannot be read"):
        RecordingFile.open(tmp_path / "gone.wav", tmp_path)
    soundfile.write(tmp_path / "good.wav", tone(0, 0.5), RATE_HZ)
    file = RecordingFile.open(tmp_path / "good.wav", tmp_path)
    assert (file.name, file.duration_s) == ("good.wav", 0.5)
