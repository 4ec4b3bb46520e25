"""The archives of TorchScript and pt2, and files that only look like them; nothing needs torch."""

from __future__ import annotations

import dataclasses
import hashlib
import random
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from distill_runtime.artifact import torch_archive
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.description import describe
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.cli.listing import listing
from distill_runtime.contract import ARTIFACT_ENDINGS as ALL
from distill_runtime.errors import ArtifactError
from tests.distill_runtime.small_artifacts import METADATA

DOCUMENT = METADATA.to_json().encode()
EXTRA = "extra/distill.artifact"
TENSORS = {"data/0": b"weights", "data/10": b"more", "data/2": b"", "constants/0": b"c"}
SCRIPT = {"data.pkl": b"p", "constants.pkl": b"q", "code/x.py": b"code", EXTRA: DOCUMENT, **TENSORS}
PATCHER = {**SCRIPT, "extra/distill.format": b"nn"}
PROGRAM = {"models/model.json": b"{}", "data/weights/weight_0": b"w", EXTRA: DOCUMENT}


def write(path: Path, entries: Mapping[str, bytes], *, folder: str = "rain") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}"), content)
    return path


def refusal(path: Path, formats: Mapping[str, str] = ALL) -> str:
    with pytest.raises(ArtifactError) as caught:
        ArtifactFile.inspect(path, formats=formats)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.isprintable()
    assert len(message) < len(str(path)) + 300
    return message


@pytest.mark.parametrize(
    ("entries", "format"), [(SCRIPT, "torchscript"), (PROGRAM, "pt2")], ids=["ts", "pt2"]
)
def test_an_archive_is_described(tmp_path: Path, entries: dict[str, bytes], format: str) -> None:
    path = write(tmp_path / "rain.bin", entries)
    file = ArtifactFile.inspect(path, formats=ALL)
    assert (file.format, file.metadata) == (format, METADATA)
    assert file.size_bytes == path.stat().st_size
    assert f"Format     {format}".lower() in describe(file).lower()
    assert f" {format} " in listing([file])


def test_the_weights_hash_runs_over_names_and_contents(tmp_path: Path) -> None:
    file = ArtifactFile.inspect(write(tmp_path / "a.ts", SCRIPT), formats=ALL)
    digest = hashlib.sha256()
    for name in ("constants/0", "data/0", "data/10", "data/2"):
        content = TENSORS[name]
        digest.update(struct.pack("<Q", len(name)) + name.encode())
        digest.update(struct.pack("<Q", len(content)) + content)
    assert file.weights_sha256() == digest.hexdigest()
    renamed = write(tmp_path / "b.ts", SCRIPT, folder="sea")
    assert ArtifactFile.inspect(renamed, formats=ALL).weights_sha256() == digest.hexdigest()
    other = write(tmp_path / "c.ts", {**SCRIPT, "data/2": b"x"})
    assert ArtifactFile.inspect(other, formats=ALL).weights_sha256() != digest.hexdigest()


@pytest.mark.parametrize(
    ("entries", "expected"),
    [(SCRIPT, "libtorch plays (hosts/torch_cpp)"), (PROGRAM, "PyTorch plays (docs/variants.md)")],
    ids=["ts", "pt2"],
)
def test_what_onnxruntime_does_not_play_is_told(
    tmp_path: Path, entries: dict[str, bytes], expected: str
) -> None:
    with pytest.raises(ArtifactError) as caught:
        Artifact.load(write(tmp_path / "rain.ts", entries))
    assert expected in str(caught.value)
    assert "distill-export without --format makes the ONNX one" in str(caught.value)


def test_one_for_nn_says_so_and_what_its_inlets_are(tmp_path: Path) -> None:
    path = write(tmp_path / "rain_nn.ts", PATCHER)
    file = ArtifactFile.inspect(path, formats=ALL)
    assert (file.format, file.metadata) == ("nn", METADATA)
    assert " nn " in listing([file])
    said = describe(file)
    assert "TorchScript for nn~ in Max, Pure Data and SuperCollider" in said
    names = [control.name for control in METADATA.controls]
    assert f"of play: 1 {names[0]}" in said
    with pytest.raises(ArtifactError, match=r"SuperCollider play \(docs/patchers\.md\)"):
        Artifact.load(path)


@pytest.mark.parametrize("kind", [b"", b"later", b"nn" * 200])
def test_a_kind_that_is_not_known_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = write(tmp_path / "rain.ts", {**SCRIPT, "extra/distill.format": kind})
    assert "a kind that this program does not know: update" in refusal(path)


def without(entries: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {key: value for key, value in entries.items() if key != name}


NEWER = dataclasses.replace(METADATA).to_json().replace('"version":1', '"version":2').encode()


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (without(SCRIPT, EXTRA), "is a TorchScript file, but not a Distill artifact"),
        (without(PROGRAM, EXTRA), "is a PyTorch program (pt2), but not a Distill artifact"),
        (without(SCRIPT, "constants.pkl"), "make an artifact of it with distill-export"),
        ({**SCRIPT, EXTRA: b"\xff"}, "no UTF-8"),
        ({**SCRIPT, EXTRA: b"{"}, "no valid JSON"),
        ({**SCRIPT, EXTRA: b"null"}, "no object"),
        ({**SCRIPT, EXTRA: NEWER}, "contract version 2, this program reads version 1"),
    ],
)
def test_what_is_no_artifact_is_refused(
    tmp_path: Path, entries: dict[str, bytes], expected: str
) -> None:
    assert expected in refusal(write(tmp_path / "rain.ts", entries))


def test_an_archive_of_two_folders_is_no_variant(tmp_path: Path) -> None:
    path = write(tmp_path / "rain.ts", SCRIPT)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("sea/data.pkl", b"p")
    assert "make an artifact of it with distill-export" in refusal(path)


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "rain.ts", SCRIPT)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("rain/" + EXTRA, DOCUMENT)
    assert "a name comes twice" in refusal(path)


def test_packed_metadata_are_refused_before_they_swell(tmp_path: Path) -> None:
    path = tmp_path / "rain.ts"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**SCRIPT, EXTRA: b" " * 2**20}.items():
            archive.writestr(f"rain/{name}", content)
    assert path.stat().st_size < 10_000
    assert "is packed, which PyTorch does with nothing" in refusal(path)


def test_too_much_metadata_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_archive, "_MAX_DOCUMENT_BYTES", len(DOCUMENT) - 1)
    path = write(tmp_path / "rain.ts", SCRIPT)
    assert f"its metadata has {len(DOCUMENT)} bytes" in refusal(path)


def test_a_long_list_of_entries_is_not_read(tmp_path: Path) -> None:
    entries = {f"data/{'x' * 200}{i}": b"" for i in range(5000)}
    path = write(tmp_path / "rain.ts", {**SCRIPT, **entries})
    assert "its list of entries is longer than any that PyTorch writes" in refusal(path)


def test_a_spoilt_archive_is_refused_or_reads_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "rain.ts", SCRIPT)
    good = path.read_bytes()
    draw = random.Random(1)
    refused = 0
    for _ in range(400):
        spoilt = bytearray(good)
        if draw.random() < 0.3:
            del spoilt[draw.randrange(5, len(spoilt)) :]
        else:
            spoilt[draw.randrange(4, len(spoilt))] ^= 1 << draw.randrange(8)
        path.write_bytes(spoilt)
        try:
            file = ArtifactFile.inspect(path, formats=ALL)
            file.weights_sha256()
        except ArtifactError as error:
            refused += 1
            assert len(str(error).splitlines()) == 1
        else:
            assert file.metadata == METADATA
    assert refused > 200
