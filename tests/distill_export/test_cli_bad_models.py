"""What is not a model that can be exported is told in one line."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from distill_export.export import ExportReport
from distill_runtime.errors import IncompatibleModelError
from tests.distill_export import model_files
from tests.distill_export.model_files import complaint

Run = Callable[..., tuple[int, str, str]]

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
    here: Path,
    make: Callable[[Path], Path],
    message: str,
) -> None:
    (tmp_path / "models").mkdir()
    code, out, err = command(make(tmp_path / "models"), "-o", "new.onnx")
    assert (code, out) == (2, "")
    assert message in complaint(err)
    assert not list(here.iterdir())


def test_an_artifact_is_not_a_model(command: Run, tiny_report: ExportReport, here: Path) -> None:
    code, out, err = command(tiny_report.path, "-o", "new.onnx")
    assert (code, out) == (2, "")
    assert tiny_report.path.name in complaint(err)
    assert not list(here.iterdir())
