"""The artifacts of a folder: which are handed out, and what is said of the others."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from distill_runtime.artifact.page_file import MARKER, packed
from distill_runtime.cli.serve import library as module
from distill_runtime.cli.serve.library import Library
from distill_runtime.errors import RequestError
from tests.distill_runtime.small_artifacts import METADATA


class Said(list[str]):
    """What the library said."""

    def lines(self) -> list[str]:
        found = list(self)
        self.clear()
        return found


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FRESH_S", 0.0)


@pytest.fixture
def folder(tmp_path: Path, small: bytes) -> Path:
    folder = tmp_path / "sounds"
    folder.mkdir()
    (folder / "rain.onnx").write_bytes(small)
    return folder


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def library(folder: Path, said: Said) -> Library:
    return Library(folder, trust=True, say=said.append)


def listed(library: Library) -> dict[str, Any]:
    artifacts = json.loads(library.document())["artifacts"]
    return {entry["file"]: entry for entry in artifacts}


def test_the_list_says_all_but_vectors(library: Library, small: bytes, said: Said) -> None:
    (entry,) = json.loads(library.document())["artifacts"]
    assert sorted(entry) == ["bytes", "file", "metadata", "sha256"]
    assert (entry["file"], entry["bytes"]) == ("rain.onnx", len(small))
    assert entry["sha256"] == hashlib.sha256(small).hexdigest()
    expected = json.loads(METADATA.to_json())
    del expected["test_vector"], expected["sliders"]["mean"]
    del expected["sliders"]["sliders"][0]["component"], expected["controls"][0]["direction"]
    expected["weights"] = entry["metadata"]["weights"]
    assert entry["metadata"] == expected
    assert said == []


def test_a_graph_of_unknown_structure_needs_trust(folder: Path, said: Said) -> None:
    assert listed(Library(folder, say=said.append)) == {}
    name = folder / "rain.onnx"
    expected = "its graph is not one that distill-export writes: --trust hands it out"
    assert said == [f"skipped {name}: {expected}"]


def test_what_is_no_artifact_is_told_once(
    library: Library, folder: Path, small: bytes, said: Said
) -> None:
    (folder / "broken.onnx").write_bytes(small[:100])
    (folder / "empty.onnx").touch()
    (folder / "folder.onnx").mkdir()
    (folder / "gone.onnx").symlink_to("nowhere")
    (folder / "page.onnx").write_bytes(packed(MARKER, small, name="rain.onnx"))
    os.mkfifo(folder / "pipe.onnx")
    for name in (".hidden.onnx", "notes.txt", "rain.onnx.bak", "rain.ts", "rain.html"):
        (folder / name).write_bytes(small)
    assert list(listed(library)) == ["rain.onnx"]
    lines = said.lines()
    for name, line in zip(
        ("broken", "empty", "folder", "gone", "page", "pipe"), lines, strict=True
    ):
        assert line.startswith(f"skipped {folder / name}.onnx: ")
    assert list(listed(library)) == ["rain.onnx"]
    assert said == []
    (folder / "empty.onnx").write_bytes(b"no artifact either")
    listed(library)
    assert len(said) == 1


def test_a_link_out_of_the_folder_is_refused(
    library: Library, folder: Path, small: bytes, said: Said
) -> None:
    outside = folder.parent / "outside.onnx"
    outside.write_bytes(small)
    (folder / "out.onnx").symlink_to(outside)
    (folder / "up.onnx").symlink_to("../outside.onnx")
    (folder / "door").symlink_to(folder.parent)
    (folder / "through.onnx").symlink_to("door/outside.onnx")
    (folder / "in.onnx").symlink_to("rain.onnx")
    assert list(listed(library)) == ["in.onnx", "rain.onnx"]
    assert [line.partition(": ")[2] for line in said] == [
        "is a link that leads out of the folder: copy the file"
    ] * 3


def test_a_folder_may_itself_be_a_link(folder: Path, said: Said) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert list(listed(Library(link, trust=True, say=said.append))) == ["rain.onnx"]
    assert said == []


def test_a_change_is_seen(library: Library, folder: Path, small: bytes) -> None:
    before = listed(library)["rain.onnx"]
    other = small.replace(b"Rain on a tin roof", b"Rain on a tan roof")
    (folder / "rain.onnx").write_bytes(other)
    os.utime(folder / "rain.onnx", ns=(1, 1))
    (folder / "sea.onnx").write_bytes(small)
    after = listed(library)
    assert after["rain.onnx"]["sha256"] == hashlib.sha256(other).hexdigest()
    assert after["rain.onnx"]["metadata"]["model"]["description"] == "Rain on a tan roof"
    assert after["sea.onnx"]["sha256"] == before["sha256"]
    (folder / "rain.onnx").unlink()
    assert list(listed(library)) == ["sea.onnx"]


def test_what_was_judged_is_not_read_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = library.entries()["rain.onnx"]
    monkeypatch.setattr(module.ArtifactFile, "inspect", None)
    assert library.entries()["rain.onnx"] is first


def test_a_file_that_is_still_written_waits(
    library: Library, folder: Path, small: bytes, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = module.ArtifactFile.sha256

    def grows(file: Any) -> str:
        with file.path.open("ab") as more:
            more.write(b"more")
        return judged(file)

    monkeypatch.setattr(module.ArtifactFile, "sha256", grows)
    assert listed(library) == {}
    assert said.lines() == [
        f"skipped {folder / 'rain.onnx'}: is being written: reload the page when that is done"
    ]
    monkeypatch.undo()
    (folder / "rain.onnx").write_bytes(small)
    monkeypatch.setattr(module, "_FRESH_S", 0.0)
    assert list(listed(library)) == ["rain.onnx"]


def test_a_file_is_opened_only_as_long_as_it_is_the_one(library: Library, folder: Path) -> None:
    entry = library.entries()["rain.onnx"]
    with entry.open() or pytest.fail("cannot be opened") as file:
        assert hashlib.sha256(file.read()).hexdigest() == entry.sha256
        assert entry.is_unchanged(file)
        with (folder / "rain.onnx").open("ab") as more:
            more.write(b"more")
        assert not entry.is_unchanged(file)
    assert entry.open() is None
    secret = folder.parent / "secret"
    secret.write_text("secret", "utf-8")
    (folder / "rain.onnx").unlink()
    assert entry.open() is None
    (folder / "rain.onnx").symlink_to(secret)
    assert entry.open() is None
    (folder / "rain.onnx").unlink()
    os.mkfifo(folder / "rain.onnx")
    assert entry.open() is None


def test_a_name_that_is_no_text_is_refused(library: Library, folder: Path, said: Said) -> None:
    name = os.fsencode(folder) + b"/\xe9t\xe9.onnx"
    with open(name, "wb") as file:  # noqa: PTH123  (bytes are no Path)
        file.write(b"x")
    assert list(listed(library)) == ["rain.onnx"]
    assert said == [f"skipped {folder}/\\xe9t\\xe9.onnx: its name is no text: rename it"]


def test_a_name_may_have_any_letters(library: Library, folder: Path) -> None:
    names = ["a b.onnx", "100%.onnx", "\u96e8?#&.onnx", "rain.onnx", 'x"<y>.onnx']
    for name in names:
        (folder / name).write_bytes((folder / "rain.onnx").read_bytes())
    assert sorted(listed(library)) == sorted(names)


def test_a_folder_that_goes_away_leaves_an_empty_list(
    library: Library, folder: Path, said: Said
) -> None:
    listed(library)
    moved = folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(RequestError, match="cannot be read: No such file"):
        library.entries()
    assert listed(library) == listed(library) == {}
    assert len(said) == 1
    moved.rename(folder)
    assert list(listed(library)) == ["rain.onnx"]
