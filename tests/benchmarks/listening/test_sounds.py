"""Recordings and generated sounds are prepared alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")

from benchmarks.listening.sounds import SECOND, Sound, halves, read_recordings
from distill_export.training.data.recordings import read_chunks
from distill_runtime.audio.lowpass import lowpass
from distill_runtime.errors import RecordingError
from tests.benchmarks.listening.synthetic_sounds import noise, pad, sounds, times


def test_seconds_have_one_peak_and_silent_ones_are_none() -> None:
    swell = pad(1, 3.5) * np.repeat([1.0, 0.01, 0.0, 1.0], SECOND)[: round(3.5 * SECOND)]
    sound = Sound.of("swell", swell.astype(np.float32))
    assert len(sound.seconds) == 2
    assert np.abs(sound.seconds).max(axis=1) == pytest.approx([0.891, 0.891], abs=1e-3)
    kept = Sound.of("swell", swell.astype(np.float32), one_gain=True)
    assert np.abs(kept.seconds).max(axis=1) == pytest.approx([0.891, 0.00891], rel=0.2)


def test_what_is_shorter_than_a_second_is_filled_up() -> None:
    assert Sound.of("hit", noise(1, 0.02)).seconds.shape == (1, SECOND)
    with pytest.raises(RecordingError, match="silent"):
        Sound.of("nothing", np.zeros(SECOND, np.float32))


def test_recordings_are_read_as_a_training_reads_them(tmp_path: Path) -> None:
    stereo = np.stack([pad(1, 2.2), pad(2, 2.2)], axis=1) / 30
    soundfile.write(tmp_path / "a.wav", stereo, 44_100, subtype="FLOAT")
    (tmp_path / "note.txt").write_text("not a recording")
    told: list[str] = []
    (sound,) = read_recordings(tmp_path, warn=told.append)
    assert ["note.txt" in line for line in told] == [True]
    for second, chunk in zip(sound.seconds, read_chunks(tmp_path / "a.wav"), strict=False):
        # Apart from the low-pass, which a chunk has not passed, it is the same second.
        found, expected = second[2000:-2000], lowpass(chunk)[2000:-2000]
        gain = np.dot(found, expected) / np.dot(expected, expected)
        assert np.abs(found - gain * expected).max() < 1e-4


def test_recordings_pass_the_low_pass_of_finished_sounds(tmp_path: Path) -> None:
    high = np.sin(2 * np.pi * 22_500 * times(1.0)) + np.sin(2 * np.pi * 1000 * times(1.0))
    soundfile.write(tmp_path / "high.wav", 0.4 * high, 48_000, subtype="FLOAT")
    (sound,) = read_recordings(tmp_path, warn=print)
    spectrum = np.abs(np.fft.rfft(sound.whole[1000:-1000]))
    bins = spectrum.size / 24_000
    assert spectrum[round(22_000 * bins) :].max() < 1e-3 * spectrum.max()


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no recording"):
        read_recordings(tmp_path, warn=print)


def test_halves_share_no_sound_and_are_of_one_length() -> None:
    every = sounds(noise, 7)
    one, other = halves(every, seed=3)
    assert {id(sound) for sound in (*one, *other)} == {id(sound) for sound in every}
    assert len(one) + len(other) == 7
    assert abs(len(one) - len(other)) == 1
    assert halves(every, seed=4)[0] != one
