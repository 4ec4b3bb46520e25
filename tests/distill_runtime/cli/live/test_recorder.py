"""Keeping what was played."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_runtime.cli.live.recorder import Kept, Recorder, check_recording
from distill_runtime.errors import OutputExistsError, RequestError
from tests.distill_runtime.cli.live.fake_sound import FakeSound


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSound:
    monkeypatch.chdir(tmp_path)
    sound = FakeSound()
    sound.read(100)
    return sound


def test_takes_have_names_of_their_own(sound: FakeSound) -> None:
    recorder = Recorder(sound, "rain")
    assert [str(recorder.take().path) for _ in range(2)] == ["rain_live1.wav", "rain_live2.wav"]
    assert Path("rain_live1.wav").read_text("ascii") == "100"
    assert recorder.finish() is None
    assert not recorder.on_leaving


def test_on_leaving_all_is_written(sound: FakeSound) -> None:
    recorder = Recorder(sound, "rain", path=Path("take.flac"))
    assert recorder.on_leaving
    sound.read(50)
    kept = recorder.finish()
    assert kept == Kept(Path("take.flac"), 150 / 48_000)
    assert str(Kept(Path("a\x1b"), 75.9)) == "the last 1:15 are in a\\x1b"
    assert Path("take.flac").read_text("ascii") == "150"


def test_a_file_that_cannot_be_written_can_be_told_at_once(sound: FakeSound) -> None:
    Path("take.wav").touch()
    with pytest.raises(OutputExistsError):
        check_recording(Path("take.wav"), overwrite=False)
    check_recording(Path("take.wav"), overwrite=True)
    for path in ("none/take.wav", ".", "take.aiff"):
        with pytest.raises(RequestError):
            check_recording(Path(path), overwrite=False)


def test_with_nothing_played_there_is_nothing_to_keep(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="nothing was played"):
        Recorder(FakeSound(), str(tmp_path / "rain")).take()
