"""Places for sounds: a name appears with all of its bytes, and what is refused is told before."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")

from pyarrow import fs

from distill_runtime.cli.cluster import destination as places
from distill_runtime.cli.cluster import extras
from distill_runtime.cli.cluster.destination import Address, Folder, destination
from distill_runtime.errors import (
    DependencyError,
    DistillError,
    OutputError,
    OutputExistsError,
    RequestError,
)


def kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> Any:
    """Return a place: a folder, or one behind pyarrow's file systems, which is then a folder."""
    folder = tmp_path / "there"
    if kind == "folder":
        return destination(str(folder))
    behind = property(lambda self: (fs.LocalFileSystem(), str(folder)))
    monkeypatch.setattr(Address, "_place", behind)
    if kind == "object store":  # which makes no folders, and renames nothing
        folder.mkdir()
        monkeypatch.setattr(places, "_OBJECT_STORES", ("local",))
    return destination("s3://user:secret@bucket/there?region=x")


KINDS = pytest.mark.parametrize("kind", ["folder", "moved", "object store"])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> Any:
    return kinds(tmp_path, monkeypatch, kind)


@KINDS
def test_a_file_is_there_whole_or_not_at_all(place: Any, tmp_path: Path) -> None:
    place.prepare()
    with place.writing("a.wav", overwrite=False) as path:
        assert path.suffix == ".wav"
        path.write_bytes(b"whole")
        assert "a.wav" not in place.sizes()
    assert place.sizes() == place.sizes(["a.wav", "b.wav"]) == {"a.wav": 5}
    assert place.sizes([]) == {}
    with pytest.raises(ZeroDivisionError), place.writing("b.wav", overwrite=False) as path:
        path.write_bytes(b"half")
        raise ZeroDivisionError
    with pytest.raises(OutputExistsError), place.writing("a.wav", overwrite=False):
        pass
    with place.writing("a.wav", overwrite=True) as path:
        path.write_bytes(b"another")
    with place.open("a.wav") as file:
        assert file.read() == b"another"
    assert os.listdir(tmp_path / "there") == ["a.wav"]  # noqa: PTH208
    place.remove("a.wav")
    place.remove("a.wav")
    assert place.sizes() == {}
    with pytest.raises(OutputError, match="cannot be read"), place.open("a.wav"):
        pass


@KINDS
def test_a_probe_is_left_and_travels(place: Any) -> None:
    place.prepare()
    name = pickle.loads(pickle.dumps(place)).probe()
    assert place.sizes() == {name: 0}
    place.sweep()


@KINDS
def test_nothing_is_shown_of_a_password(place: Any) -> None:
    assert "secret" not in place.shown
    with pytest.raises(DistillError) as error, place.open("missing"):
        pass
    assert "secret" not in str(error.value)


def test_what_a_killed_worker_left_is_swept(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    place.prepare()
    left = tmp_path / ".distill-0123456789abcdef.wav"
    left.write_bytes(b"half")
    place.sweep()
    assert not left.exists()


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(OutputError, match="cannot be made a folder"):
        destination(str(tmp_path / "file" / "sounds")).prepare()
    with pytest.raises(DistillError):
        destination(str(tmp_path / "file")).prepare()


def test_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = destination(f"file://{tmp_path}/a%20b")
    assert isinstance(found, Folder)
    assert found.folder == tmp_path / "a b"
    relative = destination("sounds/")
    assert isinstance(relative, Folder)
    assert relative.folder == Path.cwd() / "sounds"
    assert found.nearest() == tmp_path
    with pytest.raises(RequestError, match=r"^nowhere://x is no address: "):
        destination("nowhere://user:secret@x")
    assert isinstance(destination("s3://key:secret@bucket/x?region=eu-west-1"), Address)
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(DependencyError, match="pyarrow is not installed, and an address such as"):
        destination("s3://bucket/x")
