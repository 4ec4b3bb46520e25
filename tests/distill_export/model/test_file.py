from __future__ import annotations

import collections
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distill_export.model.checkpoint import load_model_or_checkpoint
from distill_export.model.file import load_model
from distill_export.model.metadata import ModelMetadata
from distill_export.model.pickled import OverfittingPreset
from distill_export.reference.audio_spectrogram import SpectrogramConfig
from distill_export.reference.complex_spectrogram import ComplexSpectrogramConfig, Statistics
from distill_runtime.errors import (
    DependencyError,
    IncompatibleModelError,
    RequestError,
)
from tests.distill_export import model_files
from tests.distill_export.model_files import assert_same, globals_of, refusal

Content = dict[str, Any]


def test_a_model_file_is_read(model_path: Path, content: Content) -> None:
    loaded = load_model(model_path)
    assert loaded.model.shape == model_files.TINY
    for name, tensor in content["model_state_dict"].items():
        assert torch.equal(loaded.model.state_dict()[name], tensor)
    assert loaded.model.latent_dim == 16
    assert loaded.device == torch.device("cpu")
    assert loaded.spectrogram.config == SpectrogramConfig()
    assert loaded.complex_spectrogram.config == ComplexSpectrogramConfig()
    assert loaded.normalization_stats == Statistics(content["normalization_stats"])
    assert loaded.metadata == ModelMetadata(**{**content["metadata"], "tags": ("a", "b")})
    assert loaded.analysis is not None
    for name, value in content["latent_analysis"].items():
        expected = tuple(value) if name.endswith("labels") else value
        np.testing.assert_array_equal(getattr(loaded.analysis, name), expected)
    assert loaded.training_config == content["training_config"]
    assert loaded.training_config["preset"] == OverfittingPreset("conservative")


def test_what_may_be_absent_is_none(content: Content, tmp_path: Path) -> None:
    for name in ("latent_analysis", "normalization_stats", "training_config"):
        content[name] = None
    del content["metadata"]
    state = content["model_state_dict"]
    content["model_state_dict"] = {n: t for n, t in state.items() if n.startswith("decoder.")}
    loaded = load_model(model_files.write(content, tmp_path / "bare.distill"))
    assert loaded.model.encoder is None
    assert loaded.analysis is None
    assert loaded.normalization_stats is None
    assert loaded.complex_spectrogram.config == ComplexSpectrogramConfig()
    assert loaded.metadata == ModelMetadata()


def test_half_precision_is_widened(content: Content, tmp_path: Path) -> None:
    state = content["model_state_dict"]
    content["model_state_dict"] = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
    }
    loaded = load_model(model_files.write(content, tmp_path / "half.distill"))
    weight = loaded.model.state_dict()["decoder.fc.weight"]
    assert weight.dtype == torch.float32
    assert torch.equal(weight, state["decoder.fc.weight"].half().float())


def test_arrays_of_numpy_1_are_read(content: Content, tmp_path: Path) -> None:
    content["model_state_dict"] = collections.OrderedDict(content["model_state_dict"])
    path = model_files.write(content, tmp_path / "new.distill")
    older = tmp_path / "old.distill"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(older, "w") as sink:
        for name in source.namelist():
            record = source.read(name).replace(b"numpy._core.multi", b"numpy.core.multi")
            sink.writestr(name, record)
    assert "numpy.core.multiarray _reconstruct" in globals_of(older)
    assert_same(load_model(older), load_model(path))


def test_the_loader_leaves_no_trace(model_path: Path) -> None:
    before = set(torch.serialization.get_safe_globals())
    load_model(model_path)
    assert set(torch.serialization.get_safe_globals()) == before
    assert "distill" not in sys.modules


def test_an_unfinished_loss_is_unknown(content: Content, tmp_path: Path) -> None:
    content["metadata"].update(final_train_loss=float("nan"), final_val_loss=None)
    loaded = load_model(model_files.write(content, tmp_path / "m.distill"))
    assert loaded.metadata.final_train_loss is None
    assert loaded.metadata.final_val_loss is None


@pytest.mark.parametrize("device", ["nowhere", "cuda:99", ""])
def test_a_missing_device(model_path: Path, device: str) -> None:
    with pytest.raises(RequestError, match="cannot be used") as caught:
        load_model(model_path, device=device)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("version", ["2.9.1", "2.6.0", "1.13.0+cu117", "unknown"])
def test_an_old_torch_is_refused(
    model_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(torch, "__version__", version)
    with pytest.raises(DependencyError, match=r"install torch >= 2\.10"):
        load_model(model_path)


@pytest.mark.parametrize("version", ["2.10.0", "2.10.0+cpu", "2.11.0a0+git1", "3.0.0"])
def test_the_oldest_torch_that_is_supported_and_newer_ones(
    model_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(torch, "__version__", version)
    assert load_model(model_path).metadata.name == "tiny"


def put(*keys: str, value: object) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return change


def drop(*keys: str) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        for key in keys[:-1]:
            content = content[key]
        del content[keys[-1]]

    return change


NAN, INF = float("nan"), float("inf")
SPECTROGRAM, ANALYSIS, STATS = "spectrogram_config", "latent_analysis", "normalization_stats"
BAD_CONTENTS = {
    "another format": (put("format", value="other"), "its format is 'other'"),
    "an array for a format": (put("format", value=np.zeros(3)), "its format is None"),
    "no version": (drop("version"), "version None"),
    "a text for a version": (put("version", value="1"), "version '1'"),
    "true for a version": (put("version", value=True), "version True"),
    "version 0": (put("version", value=0), "version 0"),
    "version 2": (put("version", value=2), "is of version 2, and only version 1 is supported"),
    "version 7": (put("version", value=7), "is of version 7"),
    "no weights": (drop("model_state_dict"), "has no weights"),
    "a list of weights": (put("model_state_dict", value=[]), "has no weights"),
    "a number for a weight": (put("model_state_dict", "decoder.fc.bias", value=1), "than tensors"),
    "a missing tensor": (drop("model_state_dict", "decoder.fc.bias"), "decoder.fc.bias is missing"),
    "a misshapen tensor": (
        put("model_state_dict", "decoder.fc.bias", value=torch.zeros(2)),
        "decoder.fc.bias has shape [2], expected [192]",
    ),
    "a NaN weight": (
        put("model_state_dict", "decoder.fc.bias", value=torch.full((192,), NAN)),
        "decoder.fc.bias holds NaN",
    ),
    "a small latent_dim": (
        put("model_state_dict", "decoder.fc.weight", value=torch.zeros(192, 8)),
        "latent_dim is 8",
    ),
    "no latent_dim": (drop("latent_dim"), "latent_dim None, and 16 in its weights"),
    "another latent_dim": (put("latent_dim", value=17), "latent_dim 17, and 16"),
    "no spectrogram": (drop(SPECTROGRAM), "no object at 'spectrogram_config'"),
    "no sample rate": (drop(SPECTROGRAM, "sample_rate"), "lacks 'spectrogram_config.sample_rate'"),
    "44.1 kHz": (
        put(SPECTROGRAM, "sample_rate", value=44_100),
        "sample_rate 44100 in its spectrogram_config, and only 48000 is supported",
    ),
    "n_fft": (put(SPECTROGRAM, "n_fft", value=1024), "n_fft 1024 "),
    "hop_length": (put(SPECTROGRAM, "hop_length", value=256), "hop_length 256 "),
    "n_mels": (put(SPECTROGRAM, "n_mels", value=80), "n_mels 80 "),
    "a float for n_mels": (put(SPECTROGRAM, "n_mels", value=128.0), "not a whole number"),
    "f_min": (put(SPECTROGRAM, "f_min", value=20.0), "f_min 20.0 "),
    "f_max": (put(SPECTROGRAM, "f_max", value=8000.0), "f_max 8000.0 "),
    "power": (put(SPECTROGRAM, "power", value=1.0), "power 1.0 "),
    "a text for f_min": (put(SPECTROGRAM, "f_min", value="0"), "not a finite number"),
    "a list for statistics": (put(STATS, value=[0, 1, 0, 1]), "no object"),
    "statistics lack one": (drop(STATS, "if_std"), "lacks 'normalization_stats.if_std'"),
    "NaN statistics": (put(STATS, "mag_mean", value=NAN), "nan for 'normalization_stats.mag_mean'"),
    "infinite statistics": (put(STATS, "mag_std", value=INF), "not a finite number"),
    "a huge number": (put(STATS, "mag_mean", value=10**400), "not a finite number"),
    "no deviation": (put(STATS, "if_std", value=0.0), "not a number above 0"),
    "a negative deviation": (put(STATS, "mag_std", value=-1.0), "not a number above 0"),
    "a list for an analysis": (put(ANALYSIS, value=[1]), "no object at 'latent_analysis'"),
    "an analysis of another size": (put(ANALYSIS, "latent_dim", value=32), "latent_dim 32"),
    "a newer analysis": (put(ANALYSIS, "version", value=2), "2 for 'latent_analysis.version'"),
    "no components": (put(ANALYSIS, "n_active_components", value=0), "from 1 to 16"),
    "too many components": (put(ANALYSIS, "n_active_components", value=17), "from 1 to 16"),
    "components lack one": (
        put(ANALYSIS, "n_active_components", value=4),
        "shape [3, 16] for 'latent_analysis.pca_components', not [4, 16]",
    ),
    "no mean": (drop(ANALYSIS, "pca_mean"), "no array of floats at 'latent_analysis.pca_mean'"),
    "a list for a mean": (put(ANALYSIS, "pca_mean", value=[0.0] * 16), "no array of floats"),
    "integer mean": (put(ANALYSIS, "pca_mean", value=np.zeros(16, "i4")), "no array of floats"),
    "NaN mean": (put(ANALYSIS, "pca_mean", value=np.full(16, NAN, "f4")), "NaN or infinity"),
    "a short range": (put(ANALYSIS, "safe_min", value=np.zeros(2, "f4")), "not [3]"),
    "no step": (put(ANALYSIS, "step_size", value=np.zeros(3, "f4")), "step_size is not above 0"),
    "a range upside down": (put(ANALYSIS, "safe_max", value=np.full(3, -9, "f4")), "upside down"),
    "labels lack one": (put(ANALYSIS, "component_labels", value=["a"]), "1 component_labels for 3"),
    "a number for a label": (put(ANALYSIS, "suggested_labels", value=[1, 2, 3]), "list of texts"),
    "no steps": (put(ANALYSIS, "n_steps", value=0), "n_steps"),
    "an array for steps": (put(ANALYSIS, "n_steps", value=np.ones((9, 1))), "n_steps"),
    "no correlations": (drop(ANALYSIS, "feature_correlations"), "feature_correlations"),
    "a text for a training": (put("training_config", value="x"), "no object at 'training_config'"),
    "another complex spectrogram": (
        put("training_config", "complex_spectrogram", "n_mels", value=64),
        "n_mels is 128 in spectrogram_config and 64 in complex_spectrogram",
    ),
    "half a complex spectrogram": (
        drop("training_config", "complex_spectrogram", "n_fft"),
        "lacks 'training_config.complex_spectrogram.n_fft'",
    ),
    "a list for metadata": (put("metadata", value=[]), "no object at 'metadata'"),
    "a number for a name": (put("metadata", "name", value=3), "3 for 'metadata.name', not a text"),
    "a text for epochs": (
        put("metadata", "training_epochs", value="9"),
        "metadata.training_epochs",
    ),
    "a text for a loss": (put("metadata", "final_val_loss", value="9"), "metadata.final_val_loss"),
    "a text for tags": (put("metadata", "tags", value="abc"), "metadata.tags"),
    "a number for yes": (put("metadata", "has_analysis", value=1), "metadata.has_analysis"),
}


@pytest.mark.parametrize(("change", "message"), BAD_CONTENTS.values(), ids=BAD_CONTENTS.keys())
def test_models_that_cannot_be_used(
    content: Content, tmp_path: Path, change: Callable[[Content], None], message: str
) -> None:
    change(content)
    assert message in refusal(model_files.write(content, tmp_path / "m.distill"), load_model)


def test_values_that_are_no_dict(tmp_path: Path) -> None:
    for value in (None, 3, "text", [1], torch.zeros(3)):
        path = model_files.write(value, tmp_path / "m.distill")
        assert "is no model file" in refusal(path)
    assert "its format is None" in refusal(model_files.write({}, tmp_path / "m.distill"))


def four_layers(content: Content) -> None:
    state = content["model_state_dict"]
    for name in [n for n in state if n.startswith(("decoder.deconvs.13", "decoder.deconvs.16"))]:
        del state[name]
    state["decoder.deconvs.12.weight"] = torch.zeros(4, 1, 3, 3)
    del content["normalization_stats"], content["spectrogram_config"]


OLDER = {
    "four layers, one channel": four_layers,
    "vqvae": lambda content: content.update(model_type="vqvae", version=2),
    "vqvae of version 1": put("model_type", value="vqvae"),
    "distillgan": put("format", value="distillgan_model"),
    "distillgan of another version": lambda c: c.update(format="distillgan_model", version=3),
}


@pytest.mark.parametrize("change", OLDER.values(), ids=OLDER.keys())
def test_older_and_sibling_formats(
    content: Content, tmp_path: Path, change: Callable[[Content], None]
) -> None:
    change(content)
    path = model_files.write(content, tmp_path / "m.distill")
    for load in (load_model, load_model_or_checkpoint):
        with pytest.raises(IncompatibleModelError) as caught:
            load(path)
        assert (
            str(caught.value) == "Incompatible model format. Please retrain with current version."
        )
