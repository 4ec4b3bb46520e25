from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from distill_export.artifact_metadata import model_info
from distill_export.model.file import LoadedModel, load_model
from distill_runtime.contract import ModelInfo
from tests.distill_export.model_files import model_content, write


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedModel:
    return load_model(write(model_content(), tmp_path / "tiny.distill"))


def test_the_models_description_is_complete(loaded: LoadedModel) -> None:
    assert model_info(loaded) == ModelInfo(
        id="ae3f603a-e209-4502-a798-c79a791f37d4",
        name="tiny",
        description="a model for tests",
        dataset_name="noise",
        dataset_file_count=2,
        dataset_duration_s=3.5,
        training_date="2026-01-01",
        training_epochs=90,
        train_loss=2.5,
        validation_loss=2.25,
        saved_at="2026-01-02",
        tags=("a", "b"),
    )


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf, None])
def test_a_loss_that_is_no_number_is_none(loaded: LoadedModel, loss: float | None) -> None:
    changed = dataclasses.replace(loaded.metadata, final_train_loss=loss, final_val_loss=loss)
    info = model_info(dataclasses.replace(loaded, metadata=changed))
    assert info.train_loss is None
    assert info.validation_loss is None
