"""Where an artifact is looked for by its name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from distill_runtime.artifact.search import VARIABLE, artifact_folders, find_artifact
from distill_runtime.errors import ArtifactError


@pytest.fixture
def shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return two folders that the variable names; the current one is a third."""
    first, second, here = (tmp_path / name for name in ("first", "second", "here"))
    for folder in (first, second, here):
        folder.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv(VARIABLE, os.pathsep.join([str(first), "", str(second)]))
    return first, second


def test_here_comes_first_and_the_folders_in_their_order(shelves: tuple[Path, Path]) -> None:
    first, second = shelves
    assert artifact_folders() == [first, second]
    (second / "rain.onnx").touch()
    for named in ("rain", "rain.onnx"):
        assert find_artifact(Path(named)) == second / "rain.onnx"
    (first / "rain.onnx").touch()
    assert find_artifact(Path("rain")) == first / "rain.onnx"
    Path("rain.onnx").touch()
    assert find_artifact(Path("rain")) == Path("rain.onnx")
    Path("rain").touch()
    assert find_artifact(Path("rain")) == Path("rain")


def test_a_name_with_a_point_or_a_folder(shelves: tuple[Path, Path]) -> None:
    first, _ = shelves
    (first / "sea").mkdir()
    (first / "sea" / "v1.2.onnx").touch()
    assert find_artifact(Path("sea/v1.2")) == first / "sea" / "v1.2.onnx"
    assert find_artifact(first / "sea" / "v1.2") == first / "sea" / "v1.2.onnx"


def test_a_folder_of_the_name_does_not_hide_the_artifact(shelves: tuple[Path, Path]) -> None:
    Path("rain").mkdir()
    (shelves[0] / "rain.onnx").touch()
    assert find_artifact(Path("rain")) == shelves[0] / "rain.onnx"


def test_the_home_folder_may_be_abbreviated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv(VARIABLE, "~")
    assert artifact_folders() == [tmp_path]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("rain", "rain: no such file, and no rain.onnx, here or in {0}, {1} (DISTILL_ARTIFACTS)"),
        ("sea/rain.onnx", "sea/rain.onnx: no such file, here or in {0}, {1} (DISTILL_ARTIFACTS)"),
        ("/none/rain", "/none/rain: no such file, and no rain.onnx"),
    ],
)
def test_it_is_told_where_nothing_was_found(
    shelves: tuple[Path, Path], named: str, expected: str
) -> None:
    with pytest.raises(ArtifactError) as missing:
        find_artifact(Path(named))
    assert str(missing.value) == expected.format(*shelves)


def test_the_variable_is_named_where_it_is_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    assert artifact_folders() == []
    with pytest.raises(ArtifactError, match=r"here \(DISTILL_ARTIFACTS may name folders"):
        find_artifact(Path("rain"))


@pytest.mark.parametrize("named", [".", "x" * 5000, "a\0b", "rain.onnx"])
def test_what_cannot_be_opened_is_left_to_who_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rain.onnx").symlink_to("nowhere")
    assert find_artifact(Path(named)) == Path(named)
