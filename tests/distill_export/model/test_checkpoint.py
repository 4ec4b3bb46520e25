from __future__ import annotations

from pathlib import Path

import pytest
import torch

from distill_export.model.checkpoint import (
    load_checkpoint,
    load_model_or_checkpoint,
    save_model_from_checkpoint,
)
from distill_export.model.file import load_model
from distill_export.model.metadata import ModelMetadata
from distill_export.model.safe_unpickle import read_file
from distill_export.reference.complex_spectrogram import ComplexSpectrogramConfig, Statistics
from distill_runtime.errors import IncompatibleModelError
from tests.distill_export import model_files
from tests.distill_export.model_files import assert_same, refusal


def test_a_checkpoint_is_read_and_converted(tmp_path: Path) -> None:
    checkpoint = model_files.checkpoint_content()
    path = model_files.write(checkpoint, tmp_path / "epoch_40.pt")
    loaded = load_checkpoint(path)
    for name, tensor in checkpoint["model_state_dict"].items():
        assert torch.equal(loaded.model.state_dict()[name], tensor)
    assert loaded.normalization_stats == Statistics(checkpoint["normalization_stats"])
    assert loaded.complex_spectrogram.config == ComplexSpectrogramConfig()
    assert loaded.analysis is not None
    metadata = loaded.metadata
    assert (metadata.name, metadata.training_epochs) == (tmp_path.name, 40)
    assert (metadata.final_train_loss, metadata.final_val_loss) == (1.5, None)
    assert (metadata.has_analysis, metadata.n_active_components) == (True, 3)
    assert_same(load_model_or_checkpoint(path), loaded)


def test_a_checkpoint_is_converted(tmp_path: Path) -> None:
    checkpoint = model_files.checkpoint_content()
    path = model_files.write(checkpoint, tmp_path / "epoch_40.pt")
    loaded = load_checkpoint(path)
    given = ModelMetadata(name="Rain", tags=["wet"], dataset_name="roof", training_epochs=7)
    output = save_model_from_checkpoint(path, given, tmp_path / "models")
    assert output == tmp_path / "models" / "rain.distill"
    converted = load_model(output)
    metadata = converted.metadata
    assert (metadata.name, metadata.tags, metadata.dataset_name) == ("Rain", ("wet",), "roof")
    assert (metadata.training_epochs, metadata.final_train_loss) == (40, 1.5)
    assert (metadata.has_analysis, metadata.n_active_components) == (True, 3)
    assert metadata.model_id == loaded.metadata.model_id
    assert converted.normalization_stats == loaded.normalization_stats
    assert converted.training_config == checkpoint["training_config"]
    assert "optimizer_state_dict" not in read_file(output)
    assert_same(load_model_or_checkpoint(output), converted)
    # Nothing is known of it but where it lies, and no other model is replaced.
    unnamed = save_model_from_checkpoint(path, ModelMetadata(), tmp_path / "models")
    assert load_model(unnamed).metadata.name == tmp_path.name
    again = save_model_from_checkpoint(path, given, tmp_path / "models")
    assert again == tmp_path / "models" / "rain_1.distill"


def test_what_a_checkpoint_does_not_know_is_the_callers(tmp_path: Path) -> None:
    checkpoint = model_files.checkpoint_content()
    for name in ("epoch", "train_loss", "val_loss"):
        del checkpoint[name]
    path = model_files.write(checkpoint, tmp_path / "early.pt")
    given = ModelMetadata(training_epochs=7, final_train_loss=3.5, model_id="abc")
    metadata = load_model(save_model_from_checkpoint(path, given, tmp_path)).metadata
    assert (metadata.training_epochs, metadata.final_train_loss) == (7, 3.5)
    assert (metadata.name, metadata.model_id) == ("early", "abc")


def test_a_checkpoint_without_what_may_be_absent(tmp_path: Path) -> None:
    checkpoint = model_files.checkpoint_content()
    for name in ("latent_analysis", "normalization_stats", "training_config", "metrics_history"):
        del checkpoint[name]
    loaded = load_checkpoint(model_files.write(checkpoint, tmp_path / "early.pt"))
    assert loaded.analysis is None
    assert loaded.normalization_stats is None
    assert not loaded.metadata.has_analysis


def test_model_files_and_checkpoints_are_not_taken_for_each_other(
    model_path: Path, tmp_path: Path
) -> None:
    path = model_files.write(model_files.checkpoint_content(), tmp_path / "last.pt")
    assert "is a training checkpoint" in refusal(path, load_model)
    assert "is no training checkpoint" in refusal(model_path, load_checkpoint)


def test_bad_checkpoints(tmp_path: Path) -> None:
    checkpoint = model_files.checkpoint_content()
    checkpoint["model_state_dict"]["decoder.fc.weight"] = torch.tensor(1.0)
    path = model_files.write(checkpoint, tmp_path / "bad.pt")
    assert "decoder.fc.weight has shape []" in refusal(path)
    path = model_files.write({"model_state_dict": [], "epoch": 1}, tmp_path / "worse.pt")
    assert "has no weights" in refusal(path)
    with pytest.raises(IncompatibleModelError):
        load_checkpoint(
            model_files.write({**checkpoint, "model_type": "vqvae"}, tmp_path / "vq.pt")
        )
