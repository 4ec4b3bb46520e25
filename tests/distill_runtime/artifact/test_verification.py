from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime import Artifact, VerificationError, verify
from distill_runtime.artifact.verification import VerificationReport, standard_normal_latents
from distill_runtime.audio.snr import snr_db
from distill_runtime.cli import main
from tests.distill_runtime.small_artifacts import (
    LEVEL,
    METADATA,
    load,
    onnx,
    save,
    seal,
    small_model,
    with_document,
)


def outcome(path: Path) -> dict[str, bool]:
    return {check.name: check.passed for check in verify(load(path)).checks}


def exit_code(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> object:
    monkeypatch.setattr(sys, "argv", ["distill-run", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def resealed(path: Path, model: Any) -> Path:
    """Write a changed model whose metadata names the hash of the changed weights."""
    from distill_runtime.artifact.file import ArtifactFile

    metadata = ArtifactFile.inspect(path, trust=True).metadata
    return save(seal(model, metadata), path)


def weight(model: Any, name: str) -> Any:
    return next(stored for stored in model.graph.initializer if stored.name == name)


def scaled(model: Any, factor: float) -> Any:
    """Scale the largest weight, whatever it is called."""
    stored = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    values = onnx.numpy_helper.to_array(stored)
    stored.raw_data = (values * np.float32(factor)).astype(values.dtype).tobytes()
    return model


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return save(seal(small_model()), tmp_path / "small.onnx")


def test_a_good_artifact_passes_every_check(demo_artifact: Path) -> None:
    report = verify(Artifact.load(demo_artifact))
    assert report.passed
    assert [check.name for check in report.checks] == ["Weights", "Sound", "Streaming"]
    assert all(check.detail and check.detail.isprintable() for check in report.checks)
    report.raise_if_failed()


def test_a_small_artifact_passes_every_check(small: Path) -> None:
    assert outcome(small) == {"Weights": True, "Sound": True, "Streaming": True}


def test_a_flipped_bit_in_a_weight_is_noticed(
    demo_artifact: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = bytearray(demo_artifact.read_bytes())
    largest = max(
        onnx.load_from_string(bytes(data)).graph.initializer, key=lambda t: len(t.raw_data)
    )
    # The lowest bit of one number: nobody could hear it.
    data[data.index(largest.raw_data[:64]) + 4 * 5] ^= 1
    path = save(bytes(data), tmp_path / "flipped.onnx")
    assert outcome(path) == {"Weights": False, "Sound": True, "Streaming": True}

    assert exit_code(monkeypatch, "verify", path) == 1
    printed = capsys.readouterr()
    assert "FAILED  Weights" in printed.out
    assert "not as it was exported" in printed.out
    assert not printed.err


def test_a_changed_weight_that_was_hashed_anew_is_heard(
    demo_artifact: Path, tmp_path: Path
) -> None:
    path = save(demo_artifact.read_bytes(), tmp_path / "scaled.onnx")
    resealed(path, scaled(onnx.load(path), 1.01))
    assert outcome(path) == {"Weights": True, "Sound": False, "Streaming": True}


def vector(**changes: Any) -> Any:
    test_vector = dataclasses.replace(METADATA.test_vector, **changes)
    return seal(small_model(), dataclasses.replace(METADATA, test_vector=test_vector))


@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({}, True),
        ({"audio": (LEVEL * (1 + 1e-4),) * 8}, True),  # 80 dB away
        ({"audio": (LEVEL * (1 + 1e-4),) * 8, "tolerance_db": 90.0}, False),
        ({"audio": (LEVEL * (1 + 1e-4),) * 8, "tolerance_db": 79.0}, True),
        ({"audio": (-LEVEL,) * 8}, False),
        ({"audio": (0.0,) * 8}, False),
        ({"tolerance_db": 301.0}, False),
        ({"start": 3 * 24_064 + 1024 - 8}, True),
        ({"start": 3 * 24_064 + 1024 - 7}, False),  # beyond the end of the sound
        ({"start": 2**31}, False),
    ],
)
def test_the_test_sound_must_be_met(tmp_path: Path, changes: dict[str, Any], passed: bool) -> None:
    path = save(vector(**changes), tmp_path / "small.onnx")
    assert outcome(path) == {"Weights": True, "Sound": passed, "Streaming": True}


@pytest.mark.parametrize("level", [np.nan, np.inf])
def test_a_sound_without_numbers_fails(tmp_path: Path, level: float) -> None:
    model = small_model()
    weight(model, "level").raw_data = np.float32(level).tobytes()
    path = save(seal(model), tmp_path / "small.onnx")
    assert outcome(path) == {"Weights": True, "Sound": False, "Streaming": False}


def test_a_graph_whose_stream_is_not_one_call_fails(tmp_path: Path) -> None:
    model = small_model()
    # The level follows the number of steps of a call.
    helper = onnx.helper
    model.graph.node.insert(
        3, helper.make_node("Cast", ["steps"], ["loud"], to=onnx.TensorProto.FLOAT)
    )
    next(node for node in model.graph.node if node.op_type == "Expand").input[0] = "loud"
    checks = outcome(save(seal(model), tmp_path / "small.onnx"))
    assert checks["Streaming"] is False


def test_wrong_hash_in_the_metadata_fails(tmp_path: Path) -> None:
    path = save(with_document(small_model(), METADATA.to_json()), tmp_path / "small.onnx")
    assert outcome(path) == {"Weights": False, "Sound": True, "Streaming": True}


def test_the_first_failure_can_be_raised(tmp_path: Path) -> None:
    path = save(vector(audio=(0.5,) * 8), tmp_path / "small.onnx")
    report = verify(load(path))
    assert not report.passed
    with pytest.raises(VerificationError, match=r"Sound: .*60 dB is needed"):
        report.raise_if_failed()
    assert VerificationReport(()).passed


def test_the_command_line_says_what_held(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(monkeypatch, "verify", small, "--trust") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [
        ["ok", "Weights"],
        ["ok", "Sound"],
        ["ok", "Streaming"],
    ]
    assert lines[3].startswith(f"{small} is whole")


@pytest.mark.parametrize("good", [True, False])
def test_the_command_line_says_it_in_json(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    good: bool,
) -> None:
    path = save(vector(audio=(LEVEL if good else 0.5,) * 8), tmp_path / "small.onnx")
    assert exit_code(monkeypatch, "verify", path, "--json", "--trust") == (0 if good else 1)
    report = json.loads(capsys.readouterr().out)
    assert report["passed"] is good
    assert {check["name"]: check["passed"] for check in report["checks"]}["Sound"] is good


def test_the_test_latents_are_successive_draws() -> None:
    latents = standard_normal_latents(5, 4, 32)
    assert latents.shape == (4, 32)
    assert latents.dtype == np.float32
    np.testing.assert_array_equal(latents[:2], standard_normal_latents(5, 2, 32))
    assert not np.array_equal(latents[0], latents[1])


def test_the_ratio_of_sounds() -> None:
    sound = np.array([3.0, -4.0])
    assert snr_db(sound, sound * 1.1) == pytest.approx(20.0)
    assert snr_db(sound, sound) == 300.0
    assert snr_db(sound * 0, sound * 0) == 300.0
    assert snr_db(sound * 0, sound) == -300.0
    assert snr_db(sound, sound * np.nan) == -300.0
    assert snr_db(sound, sound * np.inf) == -300.0
    assert snr_db(sound * 1e-150, sound * 1e150) == -300.0
    assert snr_db(np.float32(sound), np.float32(sound * (1 + 1e-6))) == pytest.approx(120, abs=3)
    with pytest.raises(ValueError, match="differ"):
        snr_db(sound, sound[:1])
