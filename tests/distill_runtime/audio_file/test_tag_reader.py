"""Reading tags that others wrote; the writers' own tests read theirs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_runtime.audio_file.tag_reader import read_tags
from distill_runtime.audio_file.tags import Tags
from distill_runtime.errors import InputError


@pytest.mark.parametrize(
    ("container", "subtype"),
    [("WAV", "PCM_16"), ("RF64", "FLOAT"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"),
     ("MP3", "MPEG_LAYER_III")],
)  # fmt: skip
def test_libsndfile_wrote_it(tmp_path: Path, container: str, subtype: str) -> None:
    path = tmp_path / "a"
    with soundfile.SoundFile(path, "w", 48_000, 1, subtype, format=container) as file:
        file.title, file.artist, file.album, file.comment = "t", "a", "l", '{"c": 1}'
        file.write(np.zeros(100))
    assert read_tags(path) == Tags("t", "a", "l", '{"c": 1}')


def test_without_tags(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", np.zeros(100), 48_000)
    assert read_tags(tmp_path / "a.flac") == Tags()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.wav", "missing.wav: no such file"),
        ("folder", "folder: is a folder, not an audio file"),
        ("text.ogg", "text.ogg is not an audio file, expected WAV, FLAC, OGG or MP3: "),
        ("empty", "empty: is empty"),
    ],
)
def test_no_audio_file(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.ogg").write_text("text " * 100)
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match=re.escape(message)) as raised:
        read_tags(tmp_path / name)
    assert "\n" not in str(raised.value)
