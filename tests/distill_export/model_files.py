"""Small models, the files that hold them, and what tests ask of both."""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distill_export.model.checkpoint import load_model_or_checkpoint
from distill_export.model.file import LoadedModel
from distill_export.model.pickled import OverfittingPreset, ReferencePickle
from distill_export.model.vae import ConvVAE, VAEShape
from distill_export.model.writer import write_model
from distill_runtime.errors import IncompatibleModelError, ModelFileError

TINY = VAEShape(16, decoder_channels=(16, 8, 8, 4, 4), encoder_channels=(4, 4, 8, 8, 16))


def tiny_model(shape: VAEShape = TINY) -> ConvVAE:
    """A model of random weights whose batch norms have seen something."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = ConvVAE(**vars(shape))
        for name, values in model.named_buffers():
            if name.endswith("running_mean"):
                values.normal_()
            elif name.endswith("running_var"):
                values.uniform_(0.5, 2)
    return model.eval()


def analysis(latent_dim: int = 16, count: int = 3) -> dict[str, Any]:
    random = np.random.default_rng(1)
    components = np.linalg.qr(random.normal(size=(latent_dim, count)))[0].T.astype("f4")
    ones = np.ones(count, "f4")
    return {
        "version": 1,
        "pca_components": np.ascontiguousarray(components),
        "pca_mean": random.normal(size=latent_dim).astype("f4"),
        "explained_variance_ratio": ones / count,
        "n_active_components": count,
        "component_labels": [f"PC{i + 1}" for i in range(count)],
        "suggested_labels": [f"PC{i + 1} (Texture)" for i in range(count)],
        "safe_min": -2 * ones,
        "safe_max": 2 * ones,
        "warning_min": -3 * ones,
        "warning_max": 3 * ones,
        "step_size": ones / 4,
        "n_steps": 21,
        "feature_correlations": {"rms_energy": [0.5] * count},
        "latent_dim": latent_dim,
    }


def training_config() -> dict[str, Any]:
    return {
        "latent_dim": 16,
        "max_epochs": 90,
        "preset": OverfittingPreset("conservative"),
        "complex_spectrogram": {
            "if_masking_threshold": 1e-5,
            "n_fft": 2048,
            "hop_length": 512,
            "n_mels": 128,
        },
        "loss": {"stft": {"fft_sizes": (512, 1024, 2048)}},
    }


def model_content() -> dict[str, Any]:
    """What a model file of today holds."""
    return {
        "format": "distill_model",
        "version": 1,
        "model_state_dict": tiny_model().state_dict(),
        "latent_dim": 16,
        "spectrogram_config": {
            "sample_rate": 48_000,
            "n_fft": 2048,
            "hop_length": 512,
            "n_mels": 128,
            "f_min": 0.0,
            "f_max": None,
            "power": 2.0,
        },
        "latent_analysis": analysis(),
        "training_config": training_config(),
        "metadata": {
            "model_id": "ae3f603a-e209-4502-a798-c79a791f37d4",
            "name": "tiny",
            "description": "a model for tests",
            "dataset_name": "noise",
            "dataset_file_count": 2,
            "dataset_total_duration_s": 3.5,
            "training_date": "2026-01-01",
            "save_date": "2026-01-02",
            "training_epochs": 90,
            "final_train_loss": 2.5,
            "final_val_loss": 2.25,
            "tags": ["a", "b"],
            "has_analysis": True,
            "n_active_components": 3,
        },
        "normalization_stats": {"mag_mean": 1.5, "mag_std": 2.5, "if_mean": -0.25, "if_std": 0.5},
    }


def checkpoint_content() -> dict[str, Any]:
    """What the trainer leaves in its folder, with everything that an optimizer adds."""
    model = tiny_model().requires_grad_(True)
    optimizer = torch.optim.AdamW(model.parameters())
    model.decode(torch.zeros(2, 16)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    content = model_content()
    return {
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "scheduler_state_dict": scheduler.state_dict(),
        "epoch": 40,
        "train_loss": 1.5,
        "val_loss": float("inf"),
        "kl_weight": 0.01,
        "training_config": content["training_config"],
        "spectrogram_config": content["spectrogram_config"],
        "metrics_history": {"train": [{"epoch": 1, "loss": 2.0}]},
        "latent_analysis": content["latent_analysis"],
        "normalization_stats": content["normalization_stats"],
    }


def write(content: object, path: Path) -> Path:
    """Save as Distill does, with its enum by reference."""
    torch.save(content, path, pickle_module=ReferencePickle)
    return path


def write_again(loaded: LoadedModel, path: Path, **options: Any) -> Path:
    """Write a model with all that its file said of it, but for this project's own part."""
    write_model(
        loaded.model,
        path,
        loaded.metadata,
        loaded.spectrogram.config,
        training_config=loaded.training_config,
        analysis=loaded.analysis,
        normalization_stats=loaded.normalization_stats,
        **options,
    )
    return path


def write_program(program: bytes, path: Path, *, stored: bytes | None = bytes(64)) -> Path:
    """An archive as torch.save makes it, with any program inside and the bytes of one storage."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", program)
        archive.writestr("archive/byteorder", "little")
        if stored is not None:
            archive.writestr("archive/data/0", stored)
        archive.writestr("archive/version", "3\n")
    return path


def refusal(path: Path, load: Callable[[Path], object] = load_model_or_checkpoint) -> str:
    """The message that a file is refused with, which is one line and names the file."""
    with pytest.raises(ModelFileError) as caught:
        load(path)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert len(message) < 400
    if not isinstance(caught.value, IncompatibleModelError):
        assert path.name in message
    return message


def program_of(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(next(n for n in archive.namelist() if n.endswith("/data.pkl")))


def globals_of(path: Path) -> set[str]:
    return {arg for code, arg, _ in pickletools.genops(program_of(path)) if code.name == "GLOBAL"}


def assert_same(first: LoadedModel, second: LoadedModel) -> None:
    for name, tensor in first.model.state_dict().items():
        assert torch.equal(tensor, second.model.state_dict()[name])
    assert first.metadata == second.metadata
    assert first.spectrogram.config == second.spectrogram.config
    assert first.complex_spectrogram.config == second.complex_spectrogram.config
    assert first.normalization_stats == second.normalization_stats
    assert first.training_config == second.training_config
    assert (first.analysis is None) == (second.analysis is None)
    for name, value in vars(first.analysis).items() if first.analysis else ():
        np.testing.assert_array_equal(value, getattr(second.analysis, name))


def complaint(err: str) -> str:
    """The one line that says what is wrong, after the lines that say what is being done."""
    *progress, last = err.splitlines()
    assert last.startswith("distill-export: ")
    assert not any(line.startswith("distill-export: ") for line in progress)
    assert "Traceback" not in err
    assert "internal error" not in err
    assert len(last) < 500
    return last.removeprefix("distill-export: ")
