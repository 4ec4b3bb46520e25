"""Artifacts in a table, and below each other where that is too wide."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

from distill_runtime import ArtifactFile
from distill_runtime.cli.columns import width
from distill_runtime.cli.listing import listing
from tests.distill_runtime.small_artifacts import METADATA, save, seal, small_model


def artifact(folder: Path, file: str, **model: Any) -> ArtifactFile:
    changes = {key: model.pop(key) for key in ("sliders", "precision") if key in model}
    metadata = dataclasses.replace(
        METADATA, model=dataclasses.replace(METADATA.model, **model), **changes
    )
    return ArtifactFile.inspect(save(seal(small_model(), metadata), folder / file), trust=True)


def test_a_table_is_aligned_and_families_stand_together(tmp_path: Path) -> None:
    files = [
        artifact(tmp_path, "z.onnx"),
        artifact(tmp_path, "a_very_long_name.onnx", precision="float16"),
        artifact(tmp_path, "m.onnx", id="sea-1", name="Sea", training_date="", sliders=None),
    ]
    lines = listing(files).splitlines()
    variant, model = "file sound precision format size", "model dataset sliders date"
    assert lines[0].split() == f"{variant} {model}".split()
    assert [line.split()[0] for line in lines[1:]] == ["a_very_long_name.onnx", "z.onnx", "m.onnx"]
    model_column = lines[0].index("model")
    for heading in ("sound", "precision", "format"):
        start = lines[0].index(heading)
        assert all(line[start - 1] == " " != line[start] for line in lines)
    assert lines[1][model_column:].startswith("Rain")
    assert lines[1].endswith("2024-05-01")
    assert lines[2][model_column:] == lines[1][model_column:]  # no cell is blank
    assert lines[3][model_column:].startswith("Sea")
    assert lines[3].endswith("2024-05-02")  # no training date: when it was saved
    assert " none " in lines[3]
    assert all(line == line.rstrip() for line in lines)


def test_what_is_not_known_is_a_dash(tmp_path: Path) -> None:
    file = artifact(tmp_path, "a.onnx", name="", dataset_name="")
    heading, row = listing([file]).splitlines()
    assert row[heading.index("model") :].split()[:2] == ["-", "-"]
    expected = f"{os.path.getsize(file.path) / 1e6:.1f} MB"  # noqa: PTH202
    assert expected in row


def test_a_terminal_is_given_no_commands(tmp_path: Path) -> None:
    file = artifact(tmp_path, "a.onnx", name="\x1b[2J\x07a\nb", dataset_name="\x9bx\ty")
    for columns in (None, 40):
        assert listing([file], columns).replace("\n", "").isprintable()


@pytest.mark.parametrize("columns", [20, 40, 50, 80])
def test_it_fits_a_terminal_and_leaves_nothing_out(tmp_path: Path, columns: int) -> None:
    files = [
        artifact(tmp_path, "a_rather_long_name_of_an_artifact.onnx", name="海の音" * 9),
        artifact(tmp_path, "b.onnx", name="", dataset_name="many words of a data set " * 4),
    ]
    text = listing(files, columns)
    assert max(map(width, text.splitlines())) <= columns
    joined = "".join(text.split())
    for known in ("海の音" * 9, "learned,float32,onnx", "roofs", "2024-05-01", "b.onnx"):
        assert known in joined
    assert listing(files, 1000) == listing(files)
