"""Loop points in FLAC and OGG, found again by a reader that is not this project's."""

from __future__ import annotations

from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile

from distill_runtime.audio_file import loop_comments, ogg
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.tag_reader import read_tags
from distill_runtime.audio_file.tags import Tags
from distill_runtime.audio_file.writer import write_audio

SOUND = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 30_000)).astype(np.float32)


def write(path: Path, tags: Tags, *, loop: bool) -> Path:
    write_audio(
        path,
        [SOUND],
        audio_format=AudioFormat.for_file(path),
        sample_rate_hz=48_000,
        channels=2,
        tags=tags,
        loop=loop,
    )
    return path


@pytest.mark.parametrize("name", ["a.flac", "a.ogg"])
@pytest.mark.parametrize(
    "tags",
    [
        Tags(),
        Tags("Tïtle", "音", "odd", "{}"),
        Tags(title="t" * 64_800),
        Tags(comment="c" * 300_000),
    ],
    ids=["none", "all", "straddling", "long"],
)
def test_the_loop_is_told_beside_the_tags(tmp_path: Path, name: str, tags: Tags) -> None:
    path = write(tmp_path / name, tags, loop=True)
    plain = write(tmp_path / f"plain-{name}", tags, loop=False)
    found = mutagen.File(path)
    assert (found["LOOPSTART"], found["LOOPLENGTH"]) == (["0"], ["30000"])
    assert read_tags(path) == tags
    assert np.array_equal(soundfile.read(path)[0], soundfile.read(plain)[0])
    assert "LOOPLENGTH" not in mutagen.File(plain)


def test_every_length_of_a_title_keeps_an_ogg_whole(tmp_path: Path) -> None:
    """Packets and pages end everywhere within each other."""
    for size in [*range(64_700, 65_100, 23), *range(200, 700, 51)]:
        path = write(tmp_path / f"{size}.ogg", Tags(title="t" * size), loop=True)
        assert len(soundfile.read(path)[0]) == 30_000
        assert mutagen.File(path)["LOOPLENGTH"] == ["30000"]


def test_the_same_sound_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.flac", "a.ogg"):
        (tmp_path / "once").mkdir(exist_ok=True)
        first = write(tmp_path / name, Tags(title="a"), loop=True)
        second = write(tmp_path / "once" / name, Tags(title="a"), loop=True)
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no FLAC begins here"),
        (b"fLaC", "the FLAC is cut off"),
        (b"fLaC\x80\0\0\x02ab", "there is no block of comments"),
        (b"fLaC\0\0\0\x02ab\x84", "the FLAC is cut off"),
    ],
)
def test_what_is_no_flac(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        loop_comments.add_to_flac(path, 10)
    assert path.read_bytes() == content


def test_what_is_no_vorbis(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ogg", Tags(), loop=False)
    with pytest.raises(ValueError, match="the second packet"):
        path.write_bytes(path.read_bytes().replace(b"\x03vorbis", b"\x03orbisv"))
        loop_comments.add_to_ogg(path, 10)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="ends before its sound begins"):
        ogg.change_comments(path, bytes)
