from __future__ import annotations

import dataclasses
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch

from distill_export import export
from distill_export.export import export_model
from distill_runtime import Artifact
from distill_runtime.errors import IncompatibleModelError
from tests.distill_export import model_files

OLD = b"what was there before"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny artifact: tracing takes seconds, so the commands below get its graph for theirs."""
    folder = tmp_path_factory.mktemp("export")
    return export_model(model_files.write(model_files.model_content(), folder / "t.distill")).path


@pytest.fixture
def traced(exported: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(export, "trace", lambda *_, **__: onnx.load(exported))
    return exported


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty but for what a test puts there."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def complaint(err: str) -> str:
    """The one line that says what is wrong, after the lines that say what is being done."""
    *progress, last = err.splitlines()
    assert last.startswith("distill-export: ")
    assert not any(line.startswith("distill-export: ") for line in progress)
    assert "Traceback" not in err
    assert "internal error" not in err
    assert len(last) < 500
    return last.removeprefix("distill-export: ")


@pytest.mark.usefixtures("traced")
def test_the_artifact_goes_to_the_current_folder(
    command: Run, model_path: Path, folder: Path
) -> None:
    code, out, err = command(model_path)
    assert code == 0
    assert out == "tiny.onnx\n"
    assert [path.name for path in folder.iterdir()] == ["tiny.onnx"]
    metadata = Artifact.load(folder / "tiny.onnx").metadata
    assert metadata.model.name == "tiny"
    for word in ("reading", "verif", "MB", "16 latent dimensions", "3 sliders", "dB"):
        assert word in err
    assert "distill-export:" not in err


@pytest.mark.usefixtures("traced")
def test_json_is_all_there_is_on_stdout(command: Run, model_path: Path, folder: Path) -> None:
    code, out, err = command(model_path, "--json", "-o", "other.onnx")
    assert code == 0
    report = json.loads(out)
    assert set(report) == {"path", "size_bytes", "weight_bytes", "constant_bytes", "metadata"}
    assert report["path"] == "other.onnx"
    assert report["size_bytes"] == (folder / "other.onnx").stat().st_size
    artifact = Artifact.load(folder / "other.onnx")
    assert report["metadata"] == json.loads(artifact.metadata.to_json())
    assert err


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
def test_nothing_is_overwritten_without_force(command: Run, model_path: Path, folder: Path) -> None:
    (folder / "tiny.onnx").write_bytes(OLD)
    code, out, err = command(model_path)
    assert (code, out) == (2, "")
    assert "--force" in complaint(err)
    assert (folder / "tiny.onnx").read_bytes() == OLD
    code, out, _ = command(model_path, "--force")
    assert (code, out) == (0, "tiny.onnx\n")
    assert Artifact.load(folder / "tiny.onnx").latent_dim == 16
    assert [path.name for path in folder.iterdir()] == ["tiny.onnx"]


@pytest.mark.usefixtures("traced")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_a_failure(command: Run, model_path: Path, folder: Path) -> None:
    code, out, err = command(model_path, "-o", "/dev/full")
    assert (code, out) == (1, "")
    assert complaint(err) == "/dev/full cannot be written: the disk is full"
    assert not list(folder.iterdir())


def test_a_graph_that_differs_is_a_failure(
    command: Run, exported: Path, model_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = onnx.load(exported)
    (window,) = (t for t in broken.graph.initializer if t.name == "inverse_stft.window")
    values = onnx.numpy_helper.to_array(window)
    window.CopyFrom(onnx.numpy_helper.from_array(values * values.dtype.type(1.001), window.name))
    monkeypatch.setattr(export, "trace", lambda *_, **__: broken)
    (folder / "tiny.onnx").write_bytes(OLD)
    code, out, err = command(model_path, "--force")
    assert (code, out) == (1, "")
    assert complaint(err).endswith("at least 110 dB is needed; nothing was written")
    assert (folder / "tiny.onnx").read_bytes() == OLD
    assert [path.name for path in folder.iterdir()] == ["tiny.onnx"]


# Bad models: each writes one into a folder and returns its path.


def changed(**changes: Any) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        return model_files.write({**model_files.model_content(), **changes}, folder / "m.distill")

    return make


def weights(name: str, change: Callable[[torch.Tensor], torch.Tensor] | None) -> Any:
    def make(folder: Path) -> Path:
        content = model_files.model_content()
        state = content["model_state_dict"]
        tensor = state.pop(name)
        if change is not None:
            state[name] = change(tensor)
        return model_files.write(content, folder / "m.distill")

    return make


def content_of(content: bytes, name: str = "m.distill") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def truncated(folder: Path) -> Path:
    path = model_files.write(model_files.model_content(), folder / "m.distill")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def other_zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "m.distill", "w") as archive:
        archive.writestr("readme.txt", "no model")
    return folder / "m.distill"


class Malicious:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("pwned",)


def malicious(folder: Path) -> Path:
    torch.save({"format": "distill_model", "x": Malicious()}, folder / "m.distill")
    return folder / "m.distill"


def four_layers(folder: Path) -> Path:
    content = model_files.model_content()
    state = content["model_state_dict"]
    for name in [n for n in state if n.startswith(("decoder.deconvs.13", "decoder.deconvs.16"))]:
        del state[name]
    return model_files.write(content, folder / "m.distill")


INCOMPATIBLE = IncompatibleModelError.MESSAGE
BAD_MODELS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no such file": (lambda folder: folder / "none.distill", "none.distill does not exist"),
    "a folder": (lambda folder: folder, "is a folder"),
    "empty": (content_of(b""), "is empty"),
    "truncated": (truncated, "m.distill"),
    "random": (content_of(bytes(range(256)) * 40), "m.distill"),
    "text": (content_of(b"no model\n" * 99), "m.distill"),
    "another zip": (other_zip, "m.distill"),
    "a bare pickle": (content_of(pickle.dumps({"format": "distill_model"})), "m.distill"),
    "a pickle that runs a function": (malicious, "m.distill"),
    "an older format": (four_layers, INCOMPATIBLE),
    "a sibling format": (changed(format="distillgan_model"), INCOMPATIBLE),
    "a sibling type": (changed(model_type="vqvae", version=2), INCOMPATIBLE),
    "a newer version": (changed(version=2), "is of version 2, and only version 1 is supported"),
    "another format": (changed(format="other"), "its format is 'other'"),
    "a missing tensor": (weights("decoder.fc.bias", None), "decoder.fc.bias is missing"),
    "a misshapen tensor": (
        weights("decoder.fc.bias", lambda bias: bias[1:]),
        "decoder.fc.bias has shape [191], expected [192]",
    ),
    "NaN": (weights("decoder.fc.bias", lambda bias: bias * float("nan")), "holds NaN or infinity"),
    "a small latent_dim": (
        weights("decoder.fc.weight", lambda weight: weight[:, :15]),
        "latent_dim is 15",
    ),
    "another rate": (
        changed(
            spectrogram_config={
                **model_files.model_content()["spectrogram_config"],
                "sample_rate": 44_100,
            }
        ),
        "sample_rate 44100",
    ),
}


@pytest.mark.parametrize(("make", "message"), BAD_MODELS.values(), ids=BAD_MODELS.keys())
def test_a_bad_model_is_misuse(
    command: Run,
    tmp_path: Path,
    folder: Path,
    make: Callable[[Path], Path],
    message: str,
) -> None:
    (tmp_path / "models").mkdir()
    code, out, err = command(make(tmp_path / "models"), "-o", "new.onnx")
    assert (code, out) == (2, "")
    assert message in complaint(err)
    assert not list(folder.iterdir())


def test_an_artifact_is_no_model(command: Run, exported: Path, folder: Path) -> None:
    code, out, err = command(exported, "-o", "new.onnx")
    assert (code, out) == (2, "")
    assert exported.name in complaint(err)
    assert not list(folder.iterdir())


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
    command: Run, model_path: Path, folder: Path, arguments: list[str], message: str
) -> None:
    code, out, err = command(model_path, *arguments)
    assert (code, out) == (2, "")
    assert message in complaint(err)
    assert not list(folder.iterdir())


def test_a_missing_package_is_told(
    command: Run, model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("distill_export.export", "distill_export.formats.onnx_program"):
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "onnx", None)
    code, out, err = command(model_path)
    assert (code, out) == (1, "")
    assert complaint(err) == (
        "onnx is not installed: pip install torch onnx onnxscript onnxruntime"
    )


def test_ctrl_c_is_told_in_a_word(
    command: Run, model_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "trace", interrupted)
    code, out, err = command(model_path)
    assert (code, out) == (130, "")
    assert complaint(err) == "interrupted"
    assert not list(folder.iterdir())


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
    command: Run, model_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    report = export_model(model_path, folder.parent / "elsewhere.onnx")

    def remember(source: Path, output: Path, **options: Any) -> Any:
        asked.update(source=source, output=output, **options)
        return dataclasses.replace(report, path=output)

    monkeypatch.setattr(export, "export_model", remember)
    for format, name in (("torchscript", "tiny.ts"), ("pt2", "tiny.pt2"), ("onnx", "tiny.onnx")):
        code, out, _ = command(model_path, "--format", format)
        assert (code, out) == (0, f"{name}\n")
        assert (asked["output"], asked["format"]) == (Path(name), format)
        assert command(model_path, "--format", format, "-o", folder)[1] == f"{folder / name}\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--format", "torch"], "the format is 'torch', expected one of onnx, torchscript, pt2"),
        (["-o", "a.ts"], "a.ts has the ending of torchscript, but the format is onnx"),
    ],
)
def test_a_format_that_cannot_be_is_told(
    command: Run, model_path: Path, folder: Path, options: list[str], expected: str
) -> None:
    code, out, err = command(model_path, *options)
    assert (code, out) == (2, "")
    assert expected in complaint(err)
    assert not list(folder.iterdir())
