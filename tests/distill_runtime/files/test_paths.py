"""Paths that can be asked about, and those that cannot."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from distill_runtime.errors import OutputError, RequestError
from distill_runtime.files import paths
from tests.ordinary_user import as_ordinary_user

NOT_UTF8 = os.fsdecode(b"m\xe9.wav")


def test_what_is_there_is_told(tmp_path: Path) -> None:
    file, link = tmp_path / "a.wav", tmp_path / "link"
    file.touch()
    link.symlink_to(file)
    for path in (file, link):
        assert paths.is_file(path)
        assert not paths.is_folder(path)
        assert not paths.is_device(path)
    assert paths.is_folder(tmp_path)
    assert not paths.is_file(tmp_path)
    found = paths.status(file)
    assert found is not None
    assert stat.S_ISREG(found.st_mode)


@pytest.mark.parametrize("name", ["none", "a.wav/none", "hanging"])
def test_what_is_not_there_is_no_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "hanging").symlink_to("nowhere")
    path = tmp_path / name
    assert paths.status(path) is None
    assert not any((paths.is_file(path), paths.is_folder(path), paths.is_device(path)))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x" * 300, "x cannot be used: File name too long"),
        ("a\0b", r"a\x00b cannot be used: there is a zero character in it"),
        ("circle", "circle cannot be used: Too many levels of symbolic links"),
    ],
)
def test_what_cannot_be_told_is_one_line(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "circle").symlink_to("circle")
    for asked in (paths.status, paths.is_file, paths.is_folder, paths.is_device):
        with pytest.raises(RequestError) as refused:
            asked(tmp_path / name)
        assert str(refused.value).endswith(message)
        assert "\n" not in str(refused.value)
    with pytest.raises(OutputError):
        paths.status(tmp_path / name, error=OutputError)


def test_a_folder_that_may_not_be_searched(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o000)

    def asked() -> None:
        with pytest.raises(RequestError, match=r"a\.wav cannot be used: Permission denied"):
            paths.status(shut / "a.wav")
        with pytest.raises(RequestError, match="shut cannot be read: Permission denied"):
            paths.files_in(shut, [".wav"])

    as_ordinary_user(asked)


def test_a_letter_that_the_locale_lacks() -> None:
    program = (
        "from pathlib import Path\n"
        "from distill_runtime.files.paths import status\n"
        "from distill_runtime.errors import RequestError\n"
        "try:\n    status(Path('\\u65e5.wav'))\n"
        "except RequestError as error:\n    print(str(error).encode('ascii', 'replace'))\n"
    )
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        'b"?.wav cannot be used: this system\'s encoding (ascii) lacks a letter of it"\n'
    )


def test_the_files_of_a_folder_by_their_endings(tmp_path: Path) -> None:
    for name in ("b.onnx", "a.ts", "c.wav", ".onnx", NOT_UTF8):
        (tmp_path / name).touch()
    found = paths.files_in(tmp_path, [".onnx", ".ts"])
    assert [path.name for path in found] == [".onnx", "a.ts", "b.onnx"]
    assert [path.name for path in paths.files_in(tmp_path, [".wav"])] == ["c.wav", NOT_UTF8]


@pytest.mark.parametrize("letter", ["a", "é", "日", "\U0001f3b5", os.fsdecode(b"\xe9")])
def test_a_name_is_cut_to_what_fits(tmp_path: Path, letter: str) -> None:
    ending = "_seed4294967295.flac"
    name = paths.fitted_name(letter * 250, ending, tmp_path)
    stem = name.removesuffix(ending)
    assert set(stem) == {letter}
    room = 255 - len(ending) - len(".json")
    assert room - len(os.fsencode(letter)) < len(os.fsencode(stem)) <= room
    (tmp_path / f"{name}.json").touch()
    assert paths.fitted_name("rain", ending, tmp_path) == f"rain{ending}"


def test_a_name_is_cut_to_what_this_file_system_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pathconf", lambda *_: 143)  # of an encrypted folder
    assert len(paths.fitted_name("a" * 250, ".wav", tmp_path)) == 143 - len(".json")
    for refusal in (OSError(errno.EINVAL, "no"), ValueError("no")):

        def refuse(*_: object, refusal: Exception = refusal) -> int:
            raise refusal

        monkeypatch.setattr(os, "pathconf", refuse)
        assert len(paths.fitted_name("a" * 250, ".wav", tmp_path)) == 250


@pytest.mark.parametrize(
    ("name", "portable"),
    [
        ("rain.onnx", "rain.onnx"),
        ("日本.onnx", "日本.onnx"),
        (NOT_UTF8, "m\ufffd.wav"),
        pytest.param(
            "a\\b.onnx",
            "a\ufffdb.onnx",
            marks=pytest.mark.skipif(os.name == "nt", reason="it parts folders there"),
        ),
    ],
)
def test_a_name_that_any_system_can_hold(name: str, portable: str) -> None:
    assert paths.portable_name(Path("folder") / name) == portable


@pytest.mark.skipif(os.name == "nt", reason="paths have no bytes there")
def test_libraries_get_the_paths_own_bytes() -> None:
    assert paths.for_library(Path(NOT_UTF8)) == b"m\xe9.wav"
    assert paths.for_library(Path("日.wav")) == "日.wav".encode()
