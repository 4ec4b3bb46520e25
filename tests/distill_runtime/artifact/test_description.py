"""Artifacts in words."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest

from distill_runtime import ArtifactFile
from distill_runtime.artifact.description import describe, metadata_document
from distill_runtime.contract import Landmarks
from tests.distill_runtime.small_artifacts import METADATA, save, seal, small_model


def artifact(folder: Path, file: str = "rain.onnx", **model: Any) -> ArtifactFile:
    changes = {
        key: model.pop(key)
        for key in ("sliders", "controls", "precision", "parity")
        if key in model
    }
    metadata = dataclasses.replace(
        METADATA, model=dataclasses.replace(METADATA.model, **model), **changes
    )
    path = save(seal(small_model(), metadata), folder / file)
    return ArtifactFile.inspect(path, trust=True)


def rows(text: str) -> dict[str, str]:
    """Return what stands behind each heading."""
    found = {}
    for line in text.splitlines()[1:]:
        heading, _, rest = line.strip().partition("  ")
        found[heading] = rest.strip()
    return found


def test_everything_a_musician_asks_for(tmp_path: Path) -> None:
    text = describe(artifact(tmp_path))
    assert text.splitlines()[0] == str(tmp_path / "rain.onnx")
    found = {" ".join(line.split()) for line in text.splitlines()}
    assert found >= {
        "Model Rain",
        "About Rain on a tin roof",
        "Made from roofs, 3 recordings, 1.0 minutes",
        "Trained 200 epochs, 2024-05-01",
        "Tags wet, quiet",
        "Latency 1024 samples (21 ms) when streamed, in blocks of 0.50 s",
        "Latents 16 dimensions",
        "Exported distill-export 0.1.0, torch 2.6.0",
        "Controls 1, in steps from wherever the sound is",
        "Brightness -10 to +8 safe, +0.12 octaves a step, follows 0.97, Noise by 0.5",
        "Sliders 1, in steps from the middle",
        "0 PC1 (Loudness) -8 to +7 safe, 25.0% of the variation",
    }


def test_controls_come_before_sliders(tmp_path: Path) -> None:
    text = describe(artifact(tmp_path))
    assert text.index("  Controls ") < text.index("    Brightness ") < text.index("  Sliders ")
    without = describe(artifact(tmp_path, "old.onnx", controls=()))
    assert rows(without)["Controls"] == "none were exported"


@pytest.mark.parametrize(
    ("streaming_snr_db", "expected"), [(300.0, "bit for bit"), (131.4, "within 131 dB")]
)
def test_how_exact_it_is(tmp_path: Path, streaming_snr_db: float, expected: str) -> None:
    parity = dataclasses.replace(METADATA.parity, streaming_snr_db=streaming_snr_db)
    assert describe(artifact(tmp_path, parity=parity)).count(f"one shot {expected}\n") == 1


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    text = describe(
        artifact(
            tmp_path,
            file="bare.onnx",
            **{"description": "", "dataset_name": "", "training_date": "", "saved_at": ""},
            dataset_file_count=0,
            dataset_duration_s=0.0,
            training_epochs=0,
            tags=(),
            sliders=None,
        )
    )
    for heading in ("About", "Made from", "Trained", "Tags"):
        assert heading not in text
    assert "none: this model's latent space was not analysed" in text


def test_a_model_without_a_name(tmp_path: Path) -> None:
    file = artifact(tmp_path, "a.onnx", name="", dataset_name="")
    assert rows(describe(file))["Model"] == "(no name)"


def test_a_terminal_is_given_no_commands(tmp_path: Path) -> None:
    file = artifact(tmp_path, description="\x1b[2J\x07a\nb\u202ec\u2028d", dataset_name="\x9bx\ty")
    assert describe(file).replace("\n", "").isprintable()
    assert describe(file).count("\n") == describe(artifact(tmp_path, "other.onnx")).count("\n")
    assert "a b c d" in rows(describe(file))["About"]


def test_the_size_is_that_of_the_file(tmp_path: Path) -> None:
    file = artifact(tmp_path)
    expected = f"{os.path.getsize(file.path) / 1e6:.1f} MB"  # noqa: PTH202
    assert expected in describe(file)


def test_vectors_are_left_out_of_a_document_unless_asked_for(tmp_path: Path) -> None:
    metadata = artifact(tmp_path).metadata
    whole = metadata_document(metadata, vectors=True)
    assert whole == json.loads(metadata.to_json())
    short = metadata_document(metadata, vectors=False)
    del whole["sliders"]["mean"], whole["sliders"]["sliders"][0]["component"]
    for control in whole["controls"]:
        del control["direction"]
    del whole["test_vector"]["audio"]
    assert short == whole
    without = dataclasses.replace(metadata, sliders=None, controls=())
    bare = metadata_document(without, vectors=False)
    assert bare["sliders"] is None
    known = Landmarks(((0.0,) * 16,) * 2, (0.0, -1.0), (1.0,) * 16, 0.5)
    near = metadata_document(dataclasses.replace(metadata, landmarks=known), vectors=False)
    assert near["landmarks"] == {"count": 2, "default": 0.5}
    assert "controls" not in bare
