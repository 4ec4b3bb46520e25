"""What does not fit on a disk is refused, with the sum."""

from __future__ import annotations

import shutil
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from distill_runtime.errors import OutputError, SpaceError
from distill_runtime.files import space
from distill_runtime.files.space import Need, require_space, size_in_words, temporary_need

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a disk with 1000 bytes free of every one."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(5000, 4000, 1000))


@pytest.mark.usefixtures("free")
def test_what_fits_is_let_through(tmp_path: Path) -> None:
    require_space([])
    require_space([Need(tmp_path, 1000, "the sound")])
    require_space([Need(tmp_path, 400, "the sound"), Need(tmp_path, 600, "temporary files")])


@pytest.mark.usefixtures("free")
def test_needs_of_one_disk_are_added_up(tmp_path: Path) -> None:
    with pytest.raises(SpaceError) as refused:
        require_space([Need(tmp_path, 400, "the sound"), Need(tmp_path, 601, "temporary files")])
    message = str(refused.value)
    assert f"400 bytes for the sound in {tmp_path} and 601 bytes for temporary files" in message
    assert "1 kB are free there" in message
    assert "\n" not in message
    assert "--no-space-check" in refused.value.said_with({"check_space=False": "--no-space-check"})


def test_disks_are_judged_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Path("/proc")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is only one disk")
    sizes = {tmp_path: 10, other: 1000}
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(5000, 0, sizes[folder]))
    require_space([Need(tmp_path, 10, "the sound"), Need(other, 1000, "temporary files")])
    with pytest.raises(SpaceError, match=r"11 bytes for the sound in .* are needed, and 10 bytes"):
        require_space([Need(tmp_path, 11, "the sound"), Need(other, 1000, "temporary files")])


@pytest.mark.parametrize("usage", [Usage(0, 0, 0), OSError(), ValueError()])
def test_where_the_system_does_not_tell_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usage: Usage | Exception
) -> None:
    def tell(_: Path) -> Usage:
        if isinstance(usage, Exception):
            raise usage
        return usage

    monkeypatch.setattr(shutil, "disk_usage", tell)
    require_space([Need(tmp_path, 10**15, "the sound"), Need(tmp_path / "none", 1, "the sound")])


def test_no_folder_for_temporary_files_matters_only_if_one_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(tempfile, "gettempdir", none)
    require_space([temporary_need(0)])
    with pytest.raises(OutputError, match="TMPDIR"):
        temporary_need(1)


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (123_456_789, "123 MB"),
        (19_200_000_000_000, "19.2 TB"),
        (10**20, "100000 PB"),
    ],
)
def test_sizes_as_people_read_them(size_bytes: int, words: str) -> None:
    assert size_in_words(size_bytes) == words


def test_this_folder_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "free_bytes", lambda _: 0)
    with pytest.raises(SpaceError, match="for the sound in this folder"):
        require_space([Need(Path(), 1, "the sound")])
