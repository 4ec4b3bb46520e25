from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

from distill_export import export
from distill_export.export import export_model
from distill_export.formats import program
from distill_runtime import Artifact
from distill_runtime.contract import PRECISIONS
from tests.distill_export.model_files import complaint
from tests.distill_export.training.synthetic_recordings import write_recordings

OLD = b"what was there before"
Run = Callable[..., tuple[int, str, str]]

pytestmark = pytest.mark.usefixtures("here")


@pytest.mark.usefixtures("traced")
def test_the_artifact_goes_to_the_current_folder(
    command: Run, model_path: Path, here: Path
) -> None:
    code, out, err = command(model_path)
    assert code == 0
    assert out == "tiny.onnx\n"
    assert [path.name for path in here.iterdir()] == ["tiny.onnx"]
    metadata = Artifact.load(here / "tiny.onnx").metadata
    assert metadata.model.name == "tiny"
    for word in ("reading", "verif", "MB", "16 latent dimensions", "3 sliders", "dB"):
        assert word in err
    assert "distill-export:" not in err


@pytest.mark.usefixtures("traced")
def test_json_is_all_there_is_on_stdout(command: Run, model_path: Path, here: Path) -> None:
    code, out, err = command(model_path, "--json", "-o", "other.onnx")
    assert code == 0
    report = json.loads(out)
    assert set(report) == {"path", "size_bytes", "weight_bytes", "constant_bytes", "metadata"}
    assert report["path"] == "other.onnx"
    assert report["size_bytes"] == (here / "other.onnx").stat().st_size
    artifact = Artifact.load(here / "other.onnx")
    assert report["metadata"] == json.loads(artifact.metadata.to_json())
    assert err


@pytest.mark.usefixtures("traced")
def test_recordings_become_landmarks(command: Run, model_path: Path, here: Path) -> None:
    folder = write_recordings(here / "tones")
    code, _, err = command(model_path, "--recordings", folder, "-o", "near.onnx")
    assert code == 0
    assert "seconds of them lie" in err
    landmarks = Artifact.load(here / "near.onnx").landmarks
    assert landmarks is not None
    assert landmarks.default == 0.0
    code, _, err = command(model_path, "--recordings", "nowhere", "-o", "far.onnx")
    assert (code, err.count("nowhere")) == (2, 2)
    assert not (here / "far.onnx").exists()
    (here / "mine.onnx").write_bytes(OLD)
    code, _, err = command(model_path, "--recordings", "nowhere", "-o", "mine.onnx")
    assert code == 2
    assert "mine.onnx exists" in err
    (here / "tiny.onnx").write_bytes(OLD)  # where it goes without -o, and with --all
    for all_of_them in ([], ["--all"]):
        code, _, err = command(model_path, "--recordings", "nowhere", *all_of_them)
        assert code == 2
        assert "tiny.onnx exists" in err


@pytest.mark.usefixtures("traced")
def test_an_output_folder_gets_the_models_name(
    command: Run, model_path: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    code, out, _ = command(model_path, "-o", tmp_path / "out")
    assert code == 0
    assert out == f"{tmp_path / 'out' / 'tiny.onnx'}\n"
    assert Artifact.load(tmp_path / "out" / "tiny.onnx").latent_dim == 16


@pytest.mark.usefixtures("traced")
def test_nothing_is_overwritten_without_force(command: Run, model_path: Path, here: Path) -> None:
    (here / "tiny.onnx").write_bytes(OLD)
    code, out, err = command(model_path)
    assert (code, out) == (2, "")
    assert "--force" in complaint(err)
    assert (here / "tiny.onnx").read_bytes() == OLD
    code, out, _ = command(model_path, "--force")
    assert (code, out) == (0, "tiny.onnx\n")
    assert Artifact.load(here / "tiny.onnx").latent_dim == 16
    assert [path.name for path in here.iterdir()] == ["tiny.onnx"]


@pytest.mark.usefixtures("traced")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_a_failure(command: Run, model_path: Path, here: Path) -> None:
    code, out, err = command(model_path, "-o", "/dev/full")
    assert (code, out) == (1, "")
    assert complaint(err) == "/dev/full cannot be written: the disk is full"
    assert not list(here.iterdir())


def test_a_graph_that_differs_is_a_failure(
    command: Run,
    tiny_graph: onnx.ModelProto,
    model_path: Path,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = onnx.ModelProto()
    broken.CopyFrom(tiny_graph)
    (window,) = (t for t in broken.graph.initializer if t.name == "inverse_stft.window")
    values = onnx.numpy_helper.to_array(window)
    window.CopyFrom(onnx.numpy_helper.from_array(values * values.dtype.type(1.001), window.name))
    monkeypatch.setattr(program, "trace", lambda _: broken)
    (here / "tiny.onnx").write_bytes(OLD)
    code, out, err = command(model_path, "--force")
    assert (code, out) == (1, "")
    assert complaint(err).endswith("at least 110 dB is needed; nothing was written")
    assert (here / "tiny.onnx").read_bytes() == OLD
    assert [path.name for path in here.iterdir()] == ["tiny.onnx"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "no/such/folder.onnx"], "folder no/such does not exist: make it first"),
        (["--colour"], "--colour"),
        (["second.distill"], "second.distill"),
        (["-o"], "-o"),
    ],
    ids=["no folder", "no such option", "two models", "no value"],
)
def test_misuse_is_told_in_one_line(
    command: Run, model_path: Path, here: Path, arguments: list[str], message: str
) -> None:
    code, out, err = command(model_path, *arguments)
    assert (code, out) == (2, "")
    assert message in complaint(err)
    assert not list(here.iterdir())


def test_a_missing_package_is_told(
    command: Run, model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("export", "formats.build", "formats.onnx_program"):
        monkeypatch.delitem(sys.modules, f"distill_export.{module}")
    monkeypatch.setitem(sys.modules, "onnx", None)
    code, out, err = command(model_path)
    assert (code, out) == (1, "")
    assert complaint(err) == (
        "onnx is not installed: pip install torch onnx onnxscript onnxruntime"
    )


def test_ctrl_c_is_told_in_a_word(
    command: Run, model_path: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "trace", interrupted)
    code, out, err = command(model_path)
    assert (code, out) == (130, "")
    assert complaint(err) == "interrupted"
    assert not list(here.iterdir())


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_is_quick_and_needs_no_torch(option: str) -> None:
    program = (
        "import sys; from distill_export import cli\n"
        f"sys.argv = ['distill-export', {option!r}]\n"
        "from distill_runtime.cli.program import run\n"
        "code = run(cli.app, 'distill-export')\n"
        "assert not {'torch', 'onnx', 'onnxruntime'} & set(sys.modules), 'it is slow'\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    if option == "--version":
        assert done.stdout.startswith("distill-export ")
    else:
        words = " ".join(done.stdout.split())
        assert "distill-export ambience.distill" in words
        for name in ("--output", "-o", "--force", "--json"):
            assert name in words


@pytest.mark.usefixtures("traced")
def test_a_format_decides_the_name(
    command: Run, model_path: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    report = export_model(model_path, here.parent / "elsewhere.onnx")

    def remember(source: Path, output: Path, **options: Any) -> Any:
        asked.update(source=source, output=output, **options)
        return dataclasses.replace(report, path=output)

    monkeypatch.setattr(export, "export_model", remember)
    for format, name in (("torchscript", "tiny.ts"), ("pt2", "tiny.pt2"), ("onnx", "tiny.onnx")):
        code, out, _ = command(model_path, "--format", format)
        assert (code, out) == (0, f"{name}\n")
        assert (asked["output"], asked["format"]) == (Path(name), format)
        assert command(model_path, "--format", format, "-o", here)[1] == f"{here / name}\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--format", "torch"], "the format is 'torch', expected one of onnx, torchscript, pt2"),
        (["-o", "a.ts"], "a.ts has the ending of torchscript, but the format is onnx"),
    ],
)
def test_a_format_that_cannot_be_is_told(
    command: Run, model_path: Path, here: Path, options: list[str], expected: str
) -> None:
    code, out, err = command(model_path, *options)
    assert (code, out) == (2, "")
    assert expected in complaint(err)
    assert not list(here.iterdir())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            ["--precision", "int4"],
            "'int4', expected one of float32, float16, int8",
        ),
        (["--precision", "int8", "--format", "pt2"], "int8 weights are for ONNX files"),
        (["--all", "--precision", "int8"], "--all makes every precision"),
        (["--all", "--format", "torchscript"], "--all makes every precision"),
        (["--all", "-o", "a.onnx"], "a.onnx is not a folder"),
    ],
)
def test_a_precision_that_cannot_be_is_told(
    command: Run, model_path: Path, here: Path, options: list[str], expected: str
) -> None:
    before = sorted(here.iterdir())
    code, out, err = command(model_path, *options)
    assert (code, out) == (2, "")
    assert expected in err.splitlines()[-1]
    assert sorted(here.iterdir()) == before


def test_nothing_is_written_when_one_of_all_is_there_already(
    command: Run, model_path: Path, here: Path
) -> None:
    (here / "tiny_int8.onnx").write_bytes(b"mine")
    code, out, _ = command(model_path, "--all")
    assert (code, out) == (2, "")
    assert [path.name for path in here.glob("*.onnx")] == ["tiny_int8.onnx"]
    assert (here / "tiny_int8.onnx").read_bytes() == b"mine"


def test_all_compares_what_it_wrote(
    command: Run, model_path: Path, monkeypatch: pytest.MonkeyPatch, demo_variants: Any
) -> None:
    monkeypatch.setattr("distill_export.export.export_all", lambda *_, **__: demo_variants)
    code, out, err = command(model_path, "--all")
    assert code == 0
    assert out.splitlines() == [str(report.path) for report in demo_variants]
    table = err.splitlines()[-4:]
    assert table[0].split() == [
        "file",
        "size",
        "weights",
        "mel",
        "frames",
        "levels",
        "decoder",
        "whole",
    ]
    assert [line.split()[0] for line in table[1:]] == [r.path.name for r in demo_variants]
    _, out, _ = command(model_path, "--all", "--json")
    assert [json.loads(line)["metadata"]["precision"] for line in out.splitlines()] == [*PRECISIONS]
