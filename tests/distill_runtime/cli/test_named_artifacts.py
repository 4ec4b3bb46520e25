"""Artifacts by their names, for every command that takes one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def elsewhere(folder: Path, reference_artifact: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of the variable's, with another model in it."""
    path = folder.parent / "artifacts"
    path.mkdir()
    (path / "sea.onnx").hardlink_to(reference_artifact)
    monkeypatch.setenv("DISTILL_ARTIFACTS", str(path))
    return path


@pytest.mark.parametrize("name", ["rain", "sea"])
@pytest.mark.usefixtures("elsewhere")
def test_every_command_finds_it(cli: Any, name: str) -> None:
    done = cli(name, "-d", 0.1, "-s", 7)
    assert (done.code, done.out) == (0, f"{name}_seed7.wav\n")
    assert cli("play", name, "-d", 0.1, "-s", 8).code == 0
    assert f"{name}.onnx" in cli("info", name).out
    assert cli("verify", name).code == 0
    assert cli("bench", name, "-d", "0.1").code == 0
    assert cli("reproduce", f"{name}_seed7.wav", "-o", "a.wav").code == 0
    assert cli("reproduce", f"{name}_seed7.wav", name, "-o", "b.wav").code == 0


@pytest.mark.usefixtures("elsewhere")
def test_a_blend_by_names_in_per_cent(cli: Any) -> None:
    done = cli("rain", "-d", 0.1, "-s", 7, "--blend", "sea:40", "--json", "-o", "a.wav")
    assert done.err.splitlines()[0] == "latent blend of 60 % rain.onnx, 40 % sea.onnx"
    artifacts = json.loads(done.out)["recipe"]["artifacts"]
    assert [(one["name"], one["weight"]) for one in artifacts] == [
        ("rain.onnx", 60.0),
        ("sea.onnx", 40.0),
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--blend", "sea.onnx:33.3"], "66.7 % rain.onnx, 33.3 % sea.onnx"),
        (["--blend", "sea.onnx:100"], "0 % rain.onnx, 100 % sea.onnx"),
        (["--blend", "sea:0"], "100 % rain.onnx, 0 % sea.onnx"),
        (["--blend", "sea:40", "--weight", "50"], "55.6 % rain.onnx, 44.4 % sea.onnx"),
        (
            ["--blend", "sea:20%", "--blend", "rain:30", "--blend-mode", "audio"],
            "audio blend of 50 % rain.onnx, 20 % sea.onnx, 30 % rain.onnx",
        ),
    ],
)
@pytest.mark.usefixtures("elsewhere")
def test_what_is_heard_is_said(cli: Any, options: list[str], expected: str) -> None:
    done = cli("rain.onnx", "-d", 0.1, "-s", 7, *options, "--dry-run")
    assert expected in done.err


@pytest.mark.parametrize("command", [[], ["play"], ["info"], ["verify"], ["bench"]])
def test_it_is_told_where_nothing_was_found(
    cli: Any, made: Any, elsewhere: Path, command: list[str]
) -> None:
    done = cli(*command, "tempest")
    assert done.code == 2
    assert done.complaint == (
        f"tempest: no such file, and no tempest.onnx, here or in {elsewhere} (DISTILL_ARTIFACTS)"
    )
    for arguments in (["rain", "--blend", "tempest:40"], ["reproduce", "a.wav", "tempest"]):
        assert f"no tempest.onnx, here or in {elsewhere}" in cli(*arguments).complaint
    assert made() == []


def test_a_recipes_artifact_is_told_to_be_nowhere(cli: Any, elsewhere: Path) -> None:
    cli("sea", "-d", 0.1, "-s", 7)
    (elsewhere / "sea.onnx").unlink()
    done = cli("reproduce", "sea_seed7.wav")
    assert f"nor here nor in {elsewhere} (DISTILL_ARTIFACTS): give its path" in done.complaint


def test_a_name_like_a_command_is_played_where_there_is_an_artifact(
    cli: Any, elsewhere: Path
) -> None:
    assert "did you mean info?" in cli("inof").complaint
    (elsewhere / "inof.onnx").hardlink_to(elsewhere / "sea.onnx")
    assert cli("inof", "-d", 0.1, "-s", 7).out == "inof_seed7.wav\n"
