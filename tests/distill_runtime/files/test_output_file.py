from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from distill_runtime.errors import OutputError, OutputExistsError, RequestError
from distill_runtime.files.output_file import replacing


def write(path: Path, content: bytes = b"new", *, overwrite: bool = False) -> None:
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(content)


def entries(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_file_appears_whole_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with replacing(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == ".wav"
        assert temporary.name.startswith(".")
        temporary.write_bytes(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert entries(tmp_path) == ["sound.wav"]


def test_an_existing_file_is_kept_unless_it_may_be_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(b"old")
    with pytest.raises(OutputExistsError, match=r"sound\.wav exists"):
        write(path)
    assert path.read_bytes() == b"old"
    write(path, overwrite=True)
    assert path.read_bytes() == b"new"
    assert entries(tmp_path) == ["sound.wav"]


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with pytest.raises(OutputExistsError), replacing(path) as temporary:
        temporary.write_bytes(b"new")
        path.write_bytes(b"other")
    assert path.read_bytes() == b"other"
    assert entries(tmp_path) == ["sound.wav"]


@pytest.mark.parametrize("appears", [False, True])
def test_file_systems_without_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, appears: bool
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    path = tmp_path / "sound.wav"
    if appears:
        with pytest.raises(OutputExistsError), replacing(path):
            path.write_bytes(b"other")
        assert path.read_bytes() == b"other"
    else:
        write(path)
        assert path.read_bytes() == b"new"
    assert entries(tmp_path) == ["sound.wav"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, OutputError])
def test_a_failure_leaves_everything_as_it_was(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(b"old")
    with pytest.raises(error), replacing(path, overwrite=True) as temporary:
        temporary.write_bytes(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert entries(tmp_path) == ["sound.wav"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_the_umask_decides_the_permissions(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "sound.wav")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "sound.wav").stat().st_mode) == 0o666 & ~umask


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "sound.wav", tmp_path / "link.wav"
    link.symlink_to(target)
    write(link)
    assert target.read_bytes() == b"new"
    with pytest.raises(OutputExistsError, match=r"link\.wav exists"):
        write(link)
    write(link, b"newer", overwrite=True)
    assert link.is_symlink()
    assert target.read_bytes() == b"newer"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is a folder"),
        ("missing/sound.wav", "folder .*missing does not exist: make it first"),
        ("file/sound.wav", "folder .*file does not exist"),
    ],
)
def test_unusable_places_are_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RequestError, match=message) as caught:
        write(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert entries(tmp_path) == ["file"]


def test_a_relative_path_without_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("sound.wav"))
    assert entries(tmp_path) == ["sound.wav"]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EACCES, "Permission denied"),
        (errno.EROFS, "Read-only file system"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_the_systems_errors_are_told_in_one_line(tmp_path: Path, number: int, message: str) -> None:
    path = tmp_path / "sound.wav"
    with (
        pytest.raises(OutputError, match=rf"sound\.wav cannot be written: {message}") as caught,
        replacing(path) as temporary,
    ):
        raise OSError(number, os.strerror(number), str(temporary))
    assert "\n" not in str(caught.value)
    assert entries(tmp_path) == []


def test_an_error_about_another_file_passes_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"input\.wav"), replacing(tmp_path / "sound.wav"):
        (tmp_path / "input.wav").read_bytes()
    assert entries(tmp_path) == []


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be used: File name too long"):
        write(tmp_path / ("x" * 300 + ".wav"))
    write(tmp_path / ("x" * 250 + ".wav"))
    assert len(entries(tmp_path)) == 1


def test_a_temporary_file_that_vanished(tmp_path: Path) -> None:
    with pytest.raises(OutputError), replacing(tmp_path / "sound.wav") as temporary:
        temporary.unlink()
    assert entries(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_device_is_written_to_and_never_replaced() -> None:
    write(Path("/dev/null"))
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with pytest.raises(OutputError, match="/dev/full cannot be written: the disk is full"):
        write(Path("/dev/full"), overwrite=True)
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no fifos")
def test_a_fifo_gets_the_bytes(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.wav"
    os.mkfifo(fifo)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(fifo.read_bytes()), daemon=True)
    reader.start()
    write(fifo, b"sound" * 50_000)
    reader.join(timeout=10)
    assert received == [b"sound" * 50_000]
    assert entries(tmp_path) == ["fifo.wav"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_it_imports_no_heavy_package() -> None:
    program = (
        "import sys, distill_runtime.files.output_file\n"
        "assert not {'torch', 'onnx', 'onnxruntime', 'numpy'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
