"""The command measures artifacts, keeps the figures and draws the sounds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import soundfile

pytest.importorskip("torch")

from benchmarks.listening import __main__ as command
from benchmarks.listening import sounds as module
from distill_runtime import GenerationConfig
from tests.benchmarks.listening.synthetic_sounds import clicks, pad
from tests.distill_runtime.small_artifacts import save, seal, small_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "recordings").mkdir()
    for kind in (pad, clicks):
        sound = kind(1, 1.0)
        soundfile.write(tmp_path / "recordings" / f"{kind.__name__}.wav", sound / 20, 48_000)
    save(seal(small_model()), tmp_path / "tiny.onnx")
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["listening", *map(str, arguments)])
    command.main()


def test_a_table_its_figures_and_a_picture(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    kept, picture = folder / "figures.json", folder / "sounds.png"
    places = (folder / "recordings", folder / "tiny.onnx", folder / "tiny.onnx")
    options = ("--seeds", 2, "--seconds", 1, "--json", kept, "--picture", picture)
    run(monkeypatch, *places, *options)
    out, err = capsys.readouterr()
    heading = [cell.strip() for cell in out.splitlines()[0].split("|")[1:-1]]
    assert heading == ["", "unit", "recordings", "halves", "tiny", "tiny (2)"]
    assert "tiny: learned, float32, 2 sounds, 2 seconds" in err
    document = json.loads(kept.read_text())
    assert document["machine"]["seeds"] == 2
    groups = {figure["group"] for figure in document["figures"]}
    assert groups == {"recordings", "halves", "tiny", "tiny (2)"}
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_held_out_recordings_are_the_ceiling(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, folder / "recordings", "--held-out", folder / "recordings")
    assert "| held out" in capsys.readouterr().out


def test_nearness_reaches_the_request_and_only_when_it_is_given(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[dict[str, object]] = []

    def request(*, nearness: float = -1.0, **settings: object) -> GenerationConfig:
        asked.append({"nearness": nearness})
        return GenerationConfig(**settings)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "GenerationConfig", request)
    places = (folder / "recordings", folder / "tiny.onnx", "--seeds", 1, "--seconds", 1)
    run(monkeypatch, *places)
    run(monkeypatch, *places, "--nearness", 0, "--nearness", 0.5)
    assert [settings["nearness"] for settings in asked] == [-1.0, 0.0, 0.5]
    assert "| tiny at 0.5" in capsys.readouterr().out


def test_what_is_wrong_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"Error: .*nowhere does not exist"):
        run(monkeypatch, folder / "nowhere", folder / "tiny.onnx")
