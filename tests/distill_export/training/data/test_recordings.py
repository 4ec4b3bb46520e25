from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_export.training.data.recordings import (
    CHUNK_SAMPLES,
    RecordingFile,
    cut_chunks,
    read_chunks,
)
from distill_export.training.data.survey import survey
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
    for nothing in (np.zeros(RATE_HZ), np.zeros(0)):
        with pytest.raises(RecordingError, match=r"^is silent$|^holds no sound$"):
            chunks_of(tmp_path / "b.wav", nothing)


def test_a_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"hello")
    file = RecordingFile.open(tmp_path / "a.wav", "a.wav")
    assert file.sha256.startswith("2cf24dba5fb0a30e26e83b2ac5b9e29e")
    with pytest.raises(RecordingError, match="cannot be read"):
        RecordingFile.open(tmp_path / "gone.wav", "gone.wav")


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000])
def test_every_sample_has_its_place(tmp_path: Path, rate_hz: int) -> None:
    """Of an impulse in each second, to whatever block of the file it belongs."""
    sound = np.zeros(7 * rate_hz)
    places_s = np.arange(7) + np.linspace(0.1, 0.9, 7)
    sound[(places_s * rate_hz).astype(int)] = 0.9
    chunks = chunks_of(tmp_path / "a.wav", sound, rate_hz, subtype="FLOAT")
    found_s = [i + np.abs(chunk).argmax() / RATE_HZ for i, chunk in enumerate(chunks)]
    assert found_s == pytest.approx(places_s, abs=1.5 / min(rate_hz, RATE_HZ))


def test_a_recording_that_has_changed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(0, 2.0), RATE_HZ)
    found = survey(path)
    path.write_bytes(b"hello")
    with pytest.raises(RecordingError, match="is not an audio file"):
        list(cut_chunks(path, found))
    path.unlink()
    with pytest.raises(RecordingError, match="cannot be read"):
        list(cut_chunks(path, found))
