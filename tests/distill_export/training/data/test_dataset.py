from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from distill_export.reference.complex_spectrogram import ComplexSpectrogram
from distill_export.training.data import spectrogram_cache
from distill_export.training.data.dataset import (
    ChunkSet,
    digest,
    hopelessness,
    read_folder,
    split_recordings,
    total_duration_s,
)
from distill_export.training.data.recordings import read_chunks
from distill_export.training.data.spectrogram_cache import SpectrogramCache
from distill_runtime.errors import RecordingError
from tests.distill_export.training import broken_recordings
from tests.distill_export.training.synthetic_recordings import RATE_HZ, tone, write_recordings


@pytest.fixture
def cache(tmp_path: Path) -> SpectrogramCache:
    return SpectrogramCache(tmp_path / "cache")


def test_spectrograms_are_those_of_the_chunks(tmp_path: Path, cache: SpectrogramCache) -> None:
    folder = write_recordings(tmp_path / "rec", 2)
    chunks = ChunkSet(read_folder(folder, cache, warn=print))
    assert len(chunks) == 4
    expected = ComplexSpectrogram().waveform_to_complex_mel(
        torch.from_numpy(np.stack(list(read_chunks(folder / "tone1.wav"))))[:, None]
    )
    torch.testing.assert_close(chunks.batch(torch.tensor([2, 3])), expected)
    assert [len(batch) for batch in chunks.batches(3)] == [3, 1]
    recording, place = chunks.locate(3)
    assert (recording.file.name, place) == ("tone1.wav", 1)


def test_spectrograms_are_computed_once(
    tmp_path: Path, cache: SpectrogramCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_recordings(tmp_path / "rec", 2)
    first = ChunkSet(read_folder(folder, cache, warn=print))
    (folder / "tone1.wav").rename(folder / "renamed.wav")  # the content is what counts
    monkeypatch.setattr(spectrogram_cache, "survey", None)
    again = ChunkSet(read_folder(folder, cache, warn=print))
    assert {r.file.sha256 for r in again.recordings} == {r.file.sha256 for r in first.recordings}


def test_a_damaged_cache_is_computed_anew(tmp_path: Path, cache: SpectrogramCache) -> None:
    folder = write_recordings(tmp_path / "rec", 1)
    before = read_folder(folder, cache, warn=print)[0]
    path = cache.path_of(before.file)
    expected = np.array(before.spectrograms)
    for damaged in (path, path.with_suffix(".json")):
        for content in (None, b"", b"nonsense", b"{}", damaged.read_bytes()[:-5]):
            damaged.unlink()
            if content is not None:
                damaged.write_bytes(content)
            found = read_folder(folder, cache, warn=print)[0]
            np.testing.assert_array_equal(found.spectrograms, expected)
            assert found.duration_s == before.duration_s == 2.0


def test_what_cannot_be_used_is_named_and_left_out(tmp_path: Path, cache: SpectrogramCache) -> None:
    folder = write_recordings(tmp_path / "rec", 2)
    (folder / "notes.txt").write_text("hello")
    shutil.copy(folder / "tone0.wav", folder / "twin.wav")
    soundfile.write(folder / "silent.wav", np.zeros(RATE_HZ), RATE_HZ)
    sound = tone(0)
    sound[5] = np.nan
    soundfile.write(folder / "broken.wav", sound, RATE_HZ, subtype="FLOAT")
    warnings: list[str] = []
    found = read_folder(folder, cache, warn=warnings.append)
    assert [r.file.name for r in found] == ["tone0.wav", "tone1.wav"]
    assert sorted(warnings) == [
        "skipped broken.wav: it holds NaN or infinity",
        "skipped notes.txt: it is not an audio file that soundfile reads",
        "skipped silent.wav: it is silent",
        "skipped twin.wav: it is the same as tone0.wav",
    ]


def test_what_is_not_as_it_should_be_is_named_and_used(
    tmp_path: Path, cache: SpectrogramCache
) -> None:
    folder = write_recordings(tmp_path / "rec", 1)
    (folder / "lost power.wav").write_bytes(broken_recordings.unclosed_wav(tone(1)))
    soundfile.write(folder / "wide.wav", np.stack([tone(2), -tone(2)], 1), RATE_HZ)
    half = broken_recordings.mp3(tone(3, 4.0))
    (folder / os.fsdecode(b"half\xe9.mp3")).write_bytes(half[: len(half) // 2])
    for _ in range(2):  # what is read from the cache is told as well
        warnings: list[str] = []
        found = read_folder(folder, cache, warn=warnings.append)
        assert [len(r.spectrograms) for r in found] == [2, 2, 2, 2]
        assert sorted(warnings) == [
            r"half\xe9.mp3: it is cut off or damaged: 1.97 s of 4.00 s (49%) can be read and are "
            "used",
            "lost power.wav: it was never closed: its header has no size, and it is read to its "
            "end",
            "wide.wav: it has channels that cancel each other (2 of 2 s): the louder one is used "
            "there, and not their mean",
        ]
        assert total_duration_s(found) == pytest.approx(7.97, abs=0.01)
        assert found[0].file.name == r"half\xe9.mp3"


def test_little_is_said_to_be_hopeless(tmp_path: Path, cache: SpectrogramCache) -> None:
    found = read_folder(write_recordings(tmp_path / "rec", 1, 0.2), cache, warn=print)
    said = hopelessness(found)
    assert said is not None and said.startswith("0.2 s of sound is hopeless: a model needs minutes")
    assert hopelessness(found * 60) is None


def test_a_folder_without_recordings_is_refused(tmp_path: Path, cache: SpectrogramCache) -> None:
    (tmp_path / "rec").mkdir()
    with pytest.raises(RecordingError, match="has no recording that can be read"):
        read_folder(tmp_path / "rec", cache, warn=print)


@pytest.mark.parametrize("seed", range(5))
def test_whole_recordings_are_held_out(tmp_path: Path, cache: SpectrogramCache, seed: int) -> None:
    recordings = read_folder(write_recordings(tmp_path / "rec", 7), cache, warn=print)
    training, validation = split_recordings(recordings, fraction=0.3, seed=seed)
    assert (len(training), len(validation)) == (10, 4)
    names = [{r.file.name for r in part.recordings} for part in (training, validation)]
    assert not names[0] & names[1]
    assert len(names[0] | names[1]) == 7
    again = split_recordings(recordings, fraction=0.3, seed=seed)
    assert again[1].recordings == validation.recordings


def test_the_split_at_its_limits(tmp_path: Path, cache: SpectrogramCache) -> None:
    recordings = read_folder(write_recordings(tmp_path / "rec", 3), cache, warn=print)
    assert len(split_recordings(recordings, fraction=0.01, seed=0)[1]) == 2  # one, none fits
    assert len(split_recordings(recordings, fraction=0.0, seed=0)[1]) == 0
    assert len(split_recordings(recordings[:1], fraction=0.5, seed=0)[1]) == 0
    assert digest(recordings) != digest(recordings[:2])
