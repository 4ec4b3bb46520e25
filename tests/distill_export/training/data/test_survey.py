from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_export.training.data.recordings import cut_chunks, read_chunks
from distill_export.training.data.survey import AUDIBLE_PEAK, Survey, mean_of_channels, survey
from distill_runtime.audio.level import TARGET_PEAK
from distill_runtime.errors import RecordingError
from tests.distill_export.training import broken_recordings
from tests.distill_export.training.synthetic_recordings import RATE_HZ, shaped_noise, tone


def of(path: Path, sound: np.ndarray, rate_hz: int = RATE_HZ) -> Survey:
    soundfile.write(path, sound, rate_hz, format="WAV", subtype="FLOAT")
    return survey(path)


def of_bytes(path: Path, file: bytes) -> Survey:
    path.write_bytes(file)
    return survey(path)


def test_a_good_recording_has_nothing_to_say(tmp_path: Path) -> None:
    found = of(tmp_path / "a.wav", np.stack([tone(0, 3.3), tone(1, 3.3)], 1))
    assert found.duration_s == pytest.approx(3.3)
    assert found.audible == (True,) * 4
    assert not found.offsets.any() and not found.notes


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("constant", [0.5, -0.01])
def test_a_constant_alone_is_silence(tmp_path: Path, rate_hz: int, constant: float) -> None:
    for duration_s in (0.02, 0.5, 3.0):
        sound = np.full(round(duration_s * rate_hz), constant)
        sound += 1e-5 * np.random.default_rng(0).standard_normal(len(sound))
        with pytest.raises(
            RecordingError, match=r"^is silent but for a constant \(DC\) of 0\.\d+$"
        ):
            of(tmp_path / "a.wav", sound, rate_hz)


@pytest.mark.parametrize("rate_hz", [22_050, 48_000])
@pytest.mark.parametrize("duration_s", [0.4, 5.0])
def test_a_constant_under_a_sound_is_removed(
    tmp_path: Path, rate_hz: int, duration_s: float
) -> None:
    sound = 0.5 * tone(1, duration_s, rate_hz)
    plain = of(tmp_path / "plain.wav", sound, rate_hz)
    moved = of(tmp_path / "moved.wav", np.stack([sound + 0.2, sound - 0.1], 1), rate_hz)
    np.testing.assert_allclose(moved.offsets, [0.2, -0.1], atol=1e-3)
    assert not plain.offsets.any() and not moved.notes
    pairs = zip(
        read_chunks(tmp_path / "plain.wav"), read_chunks(tmp_path / "moved.wav"), strict=True
    )
    for expected, found in pairs:
        assert abs(found.mean()) < 0.01
        np.testing.assert_allclose(found, expected, atol=0.02)


def test_a_quiet_sound_on_a_large_constant_is_heard(tmp_path: Path) -> None:
    sound = tone(0, 2.0)
    found = of(tmp_path / "a.wav", 0.01 * sound + 0.5)
    assert found.offsets == pytest.approx(0.5, abs=1e-4)
    chunks = list(cut_chunks(tmp_path / "a.wav", found))
    assert len(chunks) == 2
    assert np.abs(chunks[0]).max() == pytest.approx(TARGET_PEAK)
    assert np.corrcoef(chunks[0], sound[:RATE_HZ])[0, 1] > 0.999


def test_the_swing_of_a_drum_is_not_a_constant(tmp_path: Path) -> None:
    t = np.arange(RATE_HZ) / RATE_HZ
    drum = np.exp(-12 * t) * (np.sin(2 * np.pi * 60 * t) + 0.4)
    assert drum.mean() > 0.02 * drum.std()
    assert not of(tmp_path / "a.wav", 0.5 * drum).offsets.any()


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_channels_that_cancel_each_other_are_heard(tmp_path: Path, rate_hz: int) -> None:
    sound = tone(1, 4.0, rate_hz)
    expected = list(_chunks(tmp_path / "mono.wav", sound, rate_hz))
    for channels in (
        [sound, -sound],
        [sound, -0.99 * sound],
        [sound + 0.1, -sound + 0.1],
        [sound, -sound, sound, -sound],
    ):
        found = of(tmp_path / "a.wav", np.stack(channels, 1), rate_hz)
        assert found.notes == (
            "has channels that cancel each other (4 of 4 s): the louder one is used there, and "
            "not their mean",
        )
        chunks = list(cut_chunks(tmp_path / "a.wav", found))
        np.testing.assert_allclose(chunks, expected, atol=1e-3)


def test_one_channel_is_chosen_only_where_they_cancel(tmp_path: Path) -> None:
    left, right = tone(1, 4.0), tone(2, 4.0)
    right[: 2 * RATE_HZ] = -left[: 2 * RATE_HZ]
    found = of(tmp_path / "a.wav", np.stack([left, right], 1))
    assert "(2 of 4 s)" in found.notes[0]
    chunks = list(cut_chunks(tmp_path / "a.wav", found))
    mean = ((left + right) / 2).astype(np.float32)[3 * RATE_HZ :]
    np.testing.assert_allclose(chunks[3], mean * TARGET_PEAK / np.abs(mean).max(), atol=1e-6)
    np.testing.assert_allclose(
        chunks[0], left[:RATE_HZ] * TARGET_PEAK / np.abs(left[:RATE_HZ]).max(), atol=1e-6
    )


def test_unlike_channels_are_averaged(tmp_path: Path) -> None:
    left, right = shaped_noise(0, 3), shaped_noise(2, 3)
    for channels in (
        [left, right],
        [left, 0 * left],
        [left] + 63 * [0 * left],
        [left, -0.7 * left],
    ):
        block = np.stack(channels, 1).astype(np.float32)
        assert of(tmp_path / "a.wav", block).cancelled == (False,)


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 9])
def test_the_mean_is_numpys(channels: int) -> None:
    block = np.random.default_rng(channels).standard_normal((1000, channels)).astype(np.float32)
    found = mean_of_channels(block)
    np.testing.assert_array_equal(found, block.mean(axis=1, dtype=np.float32))
    assert found.flags.c_contiguous and not np.shares_memory(found, block)


def test_silence_is_judged_by_the_loudest_channel(tmp_path: Path) -> None:
    loud = 2 * AUDIBLE_PEAK * tone(0, 1.0) / np.abs(tone(0, 1.0)).max()
    channels = [loud] + 5 * [0 * loud]
    assert of(tmp_path / "a.wav", np.stack(channels, 1)).audible == (True,)
    with pytest.raises(RecordingError, match=r"^is silent$"):
        of(tmp_path / "b.wav", 0.4 * np.stack(channels, 1))


def test_what_there_is_is_compared_with_what_the_header_says(tmp_path: Path) -> None:
    sound = tone(0, 4.0)
    half = broken_recordings.mp3(sound)
    said = of_bytes(tmp_path / "a.mp3", half[: len(half) // 2]).notes
    assert len(said) == 1
    assert said[0].startswith("is cut off or damaged: 1.")
    assert said[0].endswith("s of 4.00 s (49%) can be read and are used")
    file = broken_recordings.content(sound)
    found = of_bytes(tmp_path / "a.wav", file[: len(file) // 4])
    assert found.notes == (
        "is cut off or damaged: 1.00 s of 4.00 s (25%) can be read and are used",
    )
    assert found.duration_s == pytest.approx(1.0, abs=1e-3)
    file = broken_recordings.content(sound, "OGG", "VORBIS")
    assert (
        of_bytes(tmp_path / "a.ogg", file[: len(file) // 2])
        .notes[0]
        .startswith("is cut off, for it has no end: the ")
    )
    assert of_bytes(tmp_path / "b.wav", broken_recordings.unclosed_wav(sound)).notes == (
        "was never closed: its header has no size, and it is read to its end",
    )
    assert of_bytes(tmp_path / "b.flac", broken_recordings.unsized_flac(sound)).notes == (
        "does not say how long it is: 4.00 s can be read and are used",
    )


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "MP3", "OGG", "AIFF"])
def test_a_whole_file_is_never_said_to_be_cut(tmp_path: Path, kind: str) -> None:
    codec = {"MP3": "MPEG_LAYER_III", "OGG": "VORBIS"}.get(kind, "PCM_16")
    for duration_s in (0.1, 0.37, 2.5):
        file = broken_recordings.content(tone(0, duration_s, 44_100), kind, codec, 44_100)
        assert not of_bytes(tmp_path / "a", file).notes


def test_what_is_empty_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"^holds no sound$"):
        of(tmp_path / "a.wav", np.zeros(0))


SIGNALLING = np.array([0x7F800001], np.uint32).view(np.float32)[0]


@pytest.mark.parametrize("values", [[np.nan], [np.inf], [np.inf, -np.inf], [SIGNALLING]])
def test_what_is_not_a_number_is_refused(tmp_path: Path, values: list[float]) -> None:
    sound = np.stack([tone(0, 2.0), tone(1, 2.0)], 1)
    sound[RATE_HZ + 100 : RATE_HZ + 100 + len(values), 1] = values
    with pytest.raises(RecordingError, match=r"^holds NaN or infinity$"):
        of(tmp_path / "a.wav", sound)


def test_what_is_too_loud_for_a_mean_is_refused(tmp_path: Path) -> None:
    largest = np.finfo(np.float32).max
    of(tmp_path / "b.wav", np.full((100, 2), [largest, -largest]) * np.sin(np.arange(100))[:, None])
    with pytest.raises(RecordingError, match=r"^holds NaN or infinity$"):
        sound = np.full((100, 2), largest) * np.sign(np.sin(np.arange(100)))[:, None]
        list(cut_chunks(tmp_path / "c.wav", of(tmp_path / "c.wav", sound)))


def _chunks(path: Path, sound: np.ndarray, rate_hz: int) -> list[np.ndarray]:
    soundfile.write(path, sound, rate_hz, subtype="FLOAT")
    return list(read_chunks(path))
