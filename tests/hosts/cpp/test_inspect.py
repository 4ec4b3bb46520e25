"""What C++ gives to onnxruntime and what it refuses: as Python does (hosts/cpp/src/artifact)."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.contract import METADATA_KEY
from tests.distill_runtime.made_landmarks import make_landmarks
from tests.distill_runtime.small_artifacts import METADATA, onnx
from tests.fuzz.json_changes import DAMAGES
from tests.hosts.cpp.judged import comparable, expected, judged

known_artifacts = pytest.importorskip("tests.known_artifacts")

from tests.fuzz import json_documents  # noqa: E402
from tests.fuzz.onnx_graphs import judge, mutants  # noqa: E402

pytestmark = pytest.mark.usefixtures("traced_once")

# Those that other tests trace, too: tracing takes most of the time.
KINDS: dict[str, dict[str, Any]] = {
    "learned": {},
    "int8": {"precision": "int8"},
    "refined": {"passes": 3, "is_expanded": True},
}
COUNT = 80  # mutants of each: of each kind two or so
SEED = 11


def refused(name: str, data: bytes) -> str | None:
    """Return why Python refuses what was made."""
    reason = judge(data)
    assert reason is None or reason.isprintable(), name
    return reason


def check_alike(program: Path, files: dict[str, bytes], folder: Path) -> tuple[int, int]:
    """See that C++ judges files as Python does; return how many are accepted and refused."""
    answers = judged(program, files, folder)
    accepted = 0
    for name, data in files.items():
        reason, found = refused(name, data), answers[name].get("refused")
        assert (reason is None) == (found is None), f"{name}: {reason} / {found}"
        if reason is None or found is None:
            accepted += 1
        else:
            assert "\n" not in found
            assert comparable(reason) == comparable(found), name
    return accepted, len(files) - accepted


def test_every_kind_of_artifact_is_accepted_for_what_it_is(inspector: Path, tmp_path: Path) -> None:
    files = {
        f"{kind}.onnx": known_artifacts.artifact(**settings) for kind, settings in KINDS.items()
    }
    whole = known_artifacts.sealed(
        onnx.ModelProto.FromString(files["learned.onnx"]),
        sliders=METADATA.sliders,
        controls=METADATA.controls,
        landmarks=make_landmarks(),
    )
    files["whole.onnx"] = whole
    for name, answer in judged(inspector, files, tmp_path).items():
        answer.pop("file")
        assert answer == expected(ArtifactFile.inspect(files[name]).metadata), name


def test_what_the_demo_model_exports_is_accepted(inspector: Path, demo_artifact: Path) -> None:
    done = subprocess.run([inspector, demo_artifact], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    metadata = ArtifactFile.inspect(demo_artifact).metadata
    assert done.stdout == (
        f"{demo_artifact}: ok {metadata.model.name} learned float32 "
        f"latent_dim={metadata.latent_dim} state_size={metadata.state_size} latency=1024 "
        f"sliders={len(metadata.sliders.sliders if metadata.sliders else ())} "
        f"controls={len(metadata.controls)} "
        f"landmarks={len(metadata.landmarks.vectors if metadata.landmarks else ())}\n"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_changed_graphs_are_judged_alike(kind: str, inspector: Path, tmp_path: Path) -> None:
    artifact = known_artifacts.artifact(**KINDS[kind])
    files = {
        f"{index}-{mutant.kind}.onnx": mutant.data
        for index, mutant in enumerate(mutants(artifact, COUNT, SEED))
    }
    accepted, others = check_alike(inspector, files, tmp_path)
    assert accepted > 3
    assert others > COUNT / 2


def test_damaged_files_are_judged_alike(inspector: Path, tmp_path: Path) -> None:
    artifact, choices = known_artifacts.artifact(), random.Random(SEED)
    document = artifact.index(METADATA_KEY.encode())
    files = {"random.onnx": choices.randbytes(5000), "text.onnx": b"This is not a model.\n" * 9}
    for index in range(30):
        files[f"truncated-{index}.onnx"] = artifact[: choices.randrange(1, len(artifact))]
        changed = bytearray(artifact)
        # Most of a file is weights: half of the bytes are of the document and what is beside it.
        place = choices.randrange(document - 100, len(artifact)) if index % 2 else None
        changed[choices.randrange(len(artifact)) if place is None else place] ^= choices.choice(
            [1, 2, 16, 128]
        )
        files[f"flipped-{index}.onnx"] = bytes(changed)
    check_alike(inspector, files, tmp_path)


def test_changed_documents_are_judged_alike(inspector: Path, tmp_path: Path) -> None:
    model = onnx.ModelProto.FromString(known_artifacts.artifact())
    del model.metadata_props[:]
    graph = model.SerializeToString()
    cases = (json_documents.case(SEED, index) for index in range(600))
    documents = {
        f"{index}-{case.label.replace(': ', '-')}.onnx": case.content
        for index, case in enumerate(cases)
        if case.label.startswith("metadata: ")
    }
    # Nested less deeply than Python refuses, but in a field that nobody reads, is a difference.
    files = {
        name: with_document(graph, content)
        for name, content in documents.items()
        if "nested_deeply" not in name
    }
    assert len(files) > 60
    assert len(DAMAGES) > 3
    check_alike(inspector, files, tmp_path)


def with_document(graph: bytes, content: bytes) -> bytes:
    """Append a document, whatever bytes it is of."""
    from tests.distill_runtime.small_artifacts import field

    return graph + field(14, field(1, METADATA_KEY.encode()) + field(2, content))


def test_what_is_no_artifact_is_told_in_a_line(inspector: Path, tmp_path: Path) -> None:
    for name, data in (("empty", b""), ("zip", b"PK\x03\x04" + b"\0" * 99), ("page", b"<html>")):
        (tmp_path / name).write_bytes(data)
    for name in ("empty", "zip", "page", "none", "."):
        path = tmp_path / name
        done = subprocess.run([inspector, path], check=False, capture_output=True, text=True)
        assert (done.returncode, done.stderr, done.stdout.count("\n")) == (2, "", 1)
        assert done.stdout.startswith(f"{path}: ")
    done = subprocess.run([inspector], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
