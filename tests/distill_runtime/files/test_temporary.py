"""Temporary files and folders: gone after use, and what a killed process left is swept."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from distill_runtime.errors import OutputError
from distill_runtime.files import leftovers, temporary
from distill_runtime.files.output_file import replacing

HOLDER = """
import sys, time
from pathlib import Path
from distill_runtime.files.temporary import temporary_beside, temporary_folder
with temporary_beside(Path(sys.argv[1]) / "sound.wav") as file, temporary_folder() as folder:
    file.write_bytes(b"half")
    (folder / "output.wav").write_bytes(b"half")
    print(file.name, folder.name, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for temporary files of this test's own, in which nothing was swept yet."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(leftovers, "_swept", set())
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def holder(work: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that writes a file and a folder, and has not ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(work)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))  # noqa: PTH208


def write(folder: Path, name: str = "other.wav") -> None:
    with replacing(folder / name) as path:
        path.write_bytes(b"whole")


def use_a_folder(_: Path) -> None:
    with temporary.temporary_folder():
        pass


@pytest.mark.parametrize(("use", "swept"), [(write, "work"), (use_a_folder, "temporary")])
def test_what_a_killed_process_left_is_swept_by_the_next(
    tmp_path: Path, holder: subprocess.Popen[str], use: Callable[[Path], None], swept: str
) -> None:
    left = names(tmp_path / swept)
    assert len(left) == 1
    use(tmp_path / "work")
    assert left[0] in names(tmp_path / swept), "its process is alive"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert left[0] in names(tmp_path / swept), "nothing can be done about a SIGKILL"
    leftovers._swept.clear()  # another process begins
    (tmp_path / "work" / "other.wav").unlink(missing_ok=True)
    use(tmp_path / "work")
    assert left[0] not in names(tmp_path / swept)


def test_a_folder_is_looked_through_once_in_a_process(work: Path) -> None:
    write(work, "one.wav")
    (work / ".distill-0123456789abcdef.wav").touch()
    write(work, "two.wav")
    assert ".distill-0123456789abcdef.wav" in names(work)


FOREIGN = [
    ".distill-notes.txt",
    ".distill-0123456789abcdef0.wav",
    ".distill-0123456789ABCDEF.wav",
    "distill-0123456789abcdef.tmp",
    ".distill-0123456789abcdef.wav.bak",
]


def test_what_only_looks_like_ours_is_left_alone(work: Path, place: Path) -> None:
    for name in FOREIGN:
        (work / name).touch()
    (work / ".distill-0123456789abcdef").mkdir()
    (work / ".distill-fedcba9876543210.wav").symlink_to(work / FOREIGN[0])
    for name in ("distill-training", "distill-work.tmp", "distill-0123456789abcdef"):
        (place / name).mkdir()
    (place / "distill-fedcba9876543210.tmp").write_text("a file")
    before = names(work), names(place)
    write(work)
    use_a_folder(work)
    assert (names(work), names(place)) == (sorted([*before[0], "other.wav"]), before[1])
    assert (work / FOREIGN[0]).exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no fifos")
def test_a_fifo_does_not_hold_up_the_sweep(work: Path) -> None:
    os.mkfifo(work / ".distill-0123456789abcdef.wav")
    write(work)
    assert ".distill-0123456789abcdef.wav" in names(work)


@pytest.mark.skipif(os.name == "nt", reason="there are no such locks")
def test_where_there_are_no_locks_nothing_is_swept(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(leftovers.fcntl, "flock", refuse)
    (work / ".distill-0123456789abcdef.wav").touch()
    write(work)
    use_a_folder(work)
    assert names(work) == [".distill-0123456789abcdef.wav", "other.wav"]


@pytest.mark.skipif(os.name == "nt", reason="there are no such locks")
@pytest.mark.parametrize("swept_before", ["the lock", "the file is made"])
def test_a_file_that_was_swept_in_its_first_moment_is_made_anew(
    work: Path, place: Path, monkeypatch: pytest.MonkeyPatch, swept_before: str
) -> None:
    flock, first = leftovers.fcntl.flock, [True, True]

    def steal(descriptor: int, operation: int) -> None:
        if first:
            first.pop()
            for path in (*work.iterdir(), *place.iterdir()):
                path.rmdir() if path.is_dir() else path.unlink()
            if swept_before == "the lock":
                raise BlockingIOError
        flock(descriptor, operation)

    monkeypatch.setattr(leftovers.fcntl, "flock", steal)
    with temporary.temporary_beside(work / "a.wav") as file:
        assert file.exists()
    first.append(True)
    with temporary.temporary_folder() as folder:
        assert folder.is_dir()
    assert names(work) == names(place) == []


@pytest.mark.parametrize("suffix", ["", ".wav", "." + "x" * 200, ".日本", os.fsdecode(b".\xe9")])
def test_the_name_of_a_temporary_file_always_fits(work: Path, suffix: str) -> None:
    with temporary.temporary_beside(work / f"a{suffix}") as file:
        assert len(os.fsencode(file.name)) < 100
        assert file.suffix == (suffix if suffix in ("", ".wav", ".日本") else "")
        assert leftovers._FILE.fullmatch(file.name)
    assert names(work) == []


def test_without_a_folder_for_temporary_files_it_says_how_to_name_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    for use in (temporary.open_temporary, lambda: use_a_folder(Path())):
        with pytest.raises(OutputError, match="name one, as in TMPDIR=") as failed:
            use()
        assert "\n" not in str(failed.value)


def test_a_folder_for_temporary_files_that_went_away(place: Path) -> None:
    place.rmdir()
    for use in (temporary.open_temporary, lambda: use_a_folder(Path())):
        with pytest.raises(OutputError, match=r"a temporary file in .*temporary cannot be written"):
            use()


@pytest.mark.skipif(os.name != "posix", reason="permissions are others there")
def test_a_folder_of_temporary_files_is_its_owners_alone() -> None:
    with temporary.temporary_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_may_be_made_beside_what_it_will_be(work: Path) -> None:
    with temporary.temporary_folder(work) as folder:
        assert folder.parent == work
        (folder / "page.html").write_text("whole", "utf-8")
        folder.rename(work / "site")
    assert names(work) == ["site"]
    assert names(work / "site") == ["page.html"]
    with pytest.raises(ValueError, match="ours"), temporary.temporary_folder(work) as folder:
        (folder / "page.html").write_text("half", "utf-8")
        raise ValueError("ours")
    assert names(work) == ["site"]


def test_a_folder_that_cannot_be_made_there_is_told_of(work: Path) -> None:
    with (
        pytest.raises(
            OutputError, match=r"nothing can be written in .*none: No such file"
        ) as failed,
        temporary.temporary_folder(work / "none"),
    ):
        pass
    assert "TMPDIR" not in str(failed.value)
