"""Landmarks and levels in a model file: kept exactly, under one key of their own, and checked."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_export.export import export_model
from distill_export.model.checkpoint import load_model_or_checkpoint
from distill_export.model.file import load_model
from distill_export.model.levels import BandLevels
from distill_export.model.own_part import OWN_KEY, own_document
from distill_export.model.safe_unpickle import read_file
from distill_runtime import ArtifactFile
from distill_runtime.contract import Landmarks
from distill_runtime.errors import ModelFileError
from tests.distill_export import model_files
from tests.distill_export.model_files import write_again

VECTORS = np.random.default_rng(0).standard_normal((3, 16)).round(4)
LANDMARKS = Landmarks(
    tuple(map(tuple, VECTORS.tolist())), (0.0, -1.25, -20.5), (0.1,) * 8 + (0.7,) * 8, 0.8
)


LEVELS = BandLevels(tuple(i / 8 for i in range(128)), (2.5,) * 128)


def plain(path: Path) -> dict[str, Any]:
    content = read_file(path, lambda outline: None)
    assert isinstance(content, dict)
    return content


def test_they_come_back_to_the_digit_and_add_one_key(model_path: Path, tmp_path: Path) -> None:
    loaded = load_model(model_path)
    path = write_again(loaded, tmp_path / "near.distill", landmarks=LANDMARKS)
    assert load_model(path).landmarks == LANDMARKS
    without = write_again(loaded, tmp_path / "far.distill")
    assert load_model(without).landmarks is None
    assert plain(path).keys() - plain(without).keys() == {OWN_KEY}
    assert set(plain(without)) == set(plain(model_path))


def test_levels_come_back_beside_them(model_path: Path, tmp_path: Path) -> None:
    path = write_again(
        load_model(model_path), tmp_path / "near.distill", landmarks=LANDMARKS, levels=LEVELS
    )
    loaded = load_model(path)
    assert (loaded.landmarks, loaded.levels) == (LANDMARKS, LEVELS)
    assert load_model(model_path).levels is None


def test_the_fields_are_distills_and_that_key(shared: Path, tmp_path: Path) -> None:
    reference = shared / "reference" / "ambience.distill"
    loaded = load_model(reference)
    values = np.zeros((1, loaded.model.latent_dim)).tolist()
    known = Landmarks((tuple(values[0]),), (0.0,), (1.0,) * loaded.model.latent_dim, 1.0)
    written = plain(write_again(loaded, tmp_path / "near.distill", landmarks=known))
    assert written.keys() - plain(reference).keys() == {OWN_KEY}
    assert plain(reference).keys() <= written.keys()


def test_an_artifact_has_those_of_its_model_or_those_that_are_given(
    model_path: Path, tmp_path: Path
) -> None:
    path = write_again(load_model(model_path), tmp_path / "near.distill", landmarks=LANDMARKS)
    report = export_model(path, tmp_path / "near.onnx", controls=False)
    assert ArtifactFile.inspect(tmp_path / "near.onnx").metadata.landmarks == LANDMARKS
    other = Landmarks(LANDMARKS.vectors, LANDMARKS.potentials, LANDMARKS.widths, 0.25)
    export_model(path, tmp_path / "other.onnx", controls=False, landmarks=other)
    assert ArtifactFile.inspect(tmp_path / "other.onnx").metadata.landmarks == other
    assert report.metadata.landmarks == LANDMARKS


def test_a_checkpoint_has_them_too(tmp_path: Path) -> None:
    content = model_files.checkpoint_content()
    path = model_files.write({**content, OWN_KEY: own_document(LANDMARKS)}, tmp_path / "best.pt")
    assert load_model_or_checkpoint(path).landmarks == LANDMARKS


def spoilt(**changes: Any) -> dict[str, Any]:
    document = copy.deepcopy(own_document(LANDMARKS))
    document["landmarks"].update(changes)
    return document


def spoilt_levels(**changes: Any) -> dict[str, Any]:
    document = copy.deepcopy(own_document(LANDMARKS, LEVELS))
    document["levels"].update(changes)
    return document


@pytest.mark.parametrize(
    ("own", "complaint"),
    [
        ("near", "no object at 'distill_portable'"),
        ({}, "lacks 'distill_portable.version'"),
        ({"version": 2}, "not 1"),
        ({"version": 1, "landmarks": None}, "no object at"),
        (spoilt(count=0), "a whole number from 1"),
        (spoilt(count=4), "shape [3, 16] for 'distill_portable.landmarks.vectors'"),
        (spoilt(vectors=[[0.0] * 16] * 3), "no array of floats"),
        (spoilt(vectors=np.full((3, 16), np.nan, np.float32)), "NaN or infinity"),
        (spoilt(potentials=np.full(3, 1e12, np.float32)), "potentials"),
        (spoilt(widths=np.zeros(16, np.float32)), "the width 0.0"),
        (spoilt(default=2.0), "the default nearness is 2.0"),
        (spoilt(default="1"), "a finite number"),
        ({"version": 1, "levels": 3}, "no object at 'distill_portable.levels'"),
        ({"version": 1, "levels": {}}, "no array of floats at 'distill_portable.levels.mean'"),
        (spoilt_levels(mean=np.zeros(64, np.float32)), "shape [64] for"),
        (spoilt_levels(deviation=[1.0] * 128), "no array of floats"),
        (spoilt_levels(deviation=np.full(128, np.inf, np.float32)), "NaN or infinity"),
        (spoilt_levels(deviation=np.full(128, -1.0, np.float32)), "out of bounds"),
        (spoilt_levels(mean=np.full(128, 101.0, np.float32)), "expected 0 to 100"),
    ],
)
def test_what_is_spoilt_is_refused_in_a_line(own: Any, complaint: str, tmp_path: Path) -> None:
    content = {**model_files.model_content(), OWN_KEY: own}
    path = model_files.write(content, tmp_path / "spoilt.distill")
    with pytest.raises(ModelFileError) as refused:
        load_model(path)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_key_without_landmarks_is_no_fault(tmp_path: Path) -> None:
    content = {**model_files.model_content(), OWN_KEY: {"version": 1, "later": "words"}}
    assert load_model(model_files.write(content, tmp_path / "later.distill")).landmarks is None
