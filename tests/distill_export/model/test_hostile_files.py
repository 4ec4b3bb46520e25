"""Files that were made to do harm, and paths that cannot be said."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import torch

from distill_export.model.checkpoint import load_model_or_checkpoint
from distill_export.model.file import load_model
from distill_export.model.pickled import ReferencePickle
from distill_export.model.stored_tensors import StoredTensors
from distill_runtime.errors import ModelFileError
from tests.distill_export import model_files
from tests.distill_export.model.effort import in_time
from tests.distill_export.model_files import refusal, write_program
from tests.fuzz import pickle_writer
from tests.fuzz.pickle_writer import START
from tests.fuzz.zip_writer import archive_of


def test_only_one_codec_makes_bytes(tmp_path: Path) -> None:
    for codec in ("idna", "punycode", "rot13", "latin-1", "LATIN1", ""):
        program = START + pickle_writer.encoded("a" * 100_000, codec) + b"."
        path = write_program(program, tmp_path / "m.distill", stored=None)
        assert "a text codec other than latin1" in refusal(path)
    program = START + pickle_writer.encoded("\u0100") + b"."
    assert "bytes that are none" in refusal(write_program(program, path, stored=None))
    twice = (
        pickle_writer.named("_codecs", "encode") + b"q\0" + pickle_writer.text("a" * 1000) + b"q\1"
    )
    again = b"h\0h\1" + pickle_writer.text("latin1") + b"\x86R"
    program = START + twice + b"\x86](" + again * 20 + b"e\x86."
    assert "makes more bytes than its pickle has" in refusal(
        write_program(program, path, stored=None)
    )


def test_entries_that_no_model_has(tmp_path: Path) -> None:
    path = tmp_path / "m.distill"
    for name, content, message in (
        ("large", bytes(5000), "its entry 'large' has 5000 bytes"),
        ("byteorder", b"middle", "byte order is neither"),
        ("byteorder", b"little\n", "byte order is neither"),
        ("data/7", bytes(8), "stores numbers of no tensor"),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps({"format": "x"}, 2))
            archive.writestr(f"archive/{name}", content)
        assert message in refusal(path)


def hostile(shared: Path) -> list[Path]:
    return sorted((shared / "cases" / "hostile").glob("*.distill"))


def test_hostile_files_are_refused_at_once(
    shared: Path, command: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    paths = hostile(shared)
    assert len(paths) >= 4
    for path in paths:
        in_time(partial(refusal, path), most=1.0)
        code, out, err = command(path, "-o", tmp_path / "m.onnx")
        assert (code, out) == (2, "")
        assert len(err.splitlines()) <= 3  # what it does, and what is wrong
        assert list(tmp_path.iterdir()) == []


def test_the_largest_file_is_refused_in_time(tmp_path: Path) -> None:
    path = tmp_path / "m.distill"
    program = START + b"](" + b"N" * 950_000 + b"e."
    archive = archive_of({"data.pkl": program, "data/0": b""})
    stored = archive.members[1]
    for header in (stored.local, stored.central):
        header.size = header.packed = 4 * 2**30 - 2 * 2**20
    start, end = archive.to_bytes().split(b"PK\x01\x02", 1)
    end = bytearray(b"PK\x01\x02" + end)
    end[-6:-2] = (len(start) + stored.local.size).to_bytes(4, "little")  # where the list is now
    with path.open("wb") as file:  # a hole, no bytes on disk
        file.write(start)
        file.seek(stored.local.size, io.SEEK_CUR)
        file.write(end)
    assert "stores numbers of no tensor" in in_time(lambda: refusal(path))


def test_what_is_wrong_is_said_before_weights_are_read(
    content: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("weights are read")

    monkeypatch.setattr(StoredTensors, "read", fail)
    good = model_files.write(content, tmp_path / "good.distill")
    with pytest.raises(AssertionError, match="weights are read"):
        load_model(good)
    content["spectrogram_config"]["n_mels"] = 64
    assert "n_mels 64" in refusal(model_files.write(content, tmp_path / "m.distill"))
    checkpoint = model_files.checkpoint_content()
    del checkpoint["model_state_dict"]["decoder.fc.bias"]
    path = model_files.write(checkpoint, tmp_path / "m.pt")
    assert "decoder.fc.bias is missing" in refusal(path)


@cache
def checkpoint() -> bytes:
    buffer = io.BytesIO()
    torch.save(model_files.checkpoint_content(), buffer, pickle_module=ReferencePickle)
    return buffer.getvalue()


NAMES = [b"caf\xe9", b"\xff\xfe", b"a\x1b[31mb", b"new\nline", "größe 雨".encode(), b"x" * 240]


@pytest.mark.parametrize("name", NAMES)
def test_paths_that_are_no_text(model_path: Path, tmp_path: Path, name: bytes) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/d" + name))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system does not take the name")
    path = folder / os.fsdecode(name + b".pt")
    path.write_bytes(model_path.read_bytes())
    assert load_model_or_checkpoint(path).metadata.name == "tiny"
    path.write_bytes(checkpoint())
    loaded = load_model_or_checkpoint(path)
    loaded.metadata.name.encode("utf-8")
    assert loaded.metadata.name.isprintable()
    path.write_bytes(model_path.read_bytes()[:-1])
    with pytest.raises(ModelFileError, match="damaged or cut off") as caught:
        load_model_or_checkpoint(path)
    assert str(caught.value).isprintable()
    str(caught.value).encode("utf-8")
    path.unlink()
    with pytest.raises(ModelFileError, match="does not exist") as caught:
        load_model_or_checkpoint(path)
    assert str(caught.value).isprintable()


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read: File name too long"):
        load_model_or_checkpoint(tmp_path / ("x" * 300))
