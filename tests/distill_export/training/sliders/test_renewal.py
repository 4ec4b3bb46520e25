from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distill_export.model.file import load_model
from distill_export.training.sliders.renewal import renew_sliders
from distill_runtime.errors import ModelFileError, OutputExistsError
from tests.distill_export import model_files


def test_sliders_for_a_model_that_has_none(recordings: Path, tmp_path: Path) -> None:
    content = {**model_files.model_content(), "latent_analysis": None}
    model = model_files.write(content, tmp_path / "bare.distill")
    output = tmp_path / "with.distill"
    found = renew_sliders(recordings, model, output)
    loaded = load_model(output)
    assert loaded.analysis is not None
    np.testing.assert_array_equal(loaded.analysis.pca_components, found.pca_components)
    before = load_model(model)
    assert loaded.metadata.model_id == before.metadata.model_id
    assert loaded.normalization_stats == before.normalization_stats
    with pytest.raises(OutputExistsError):
        renew_sliders(recordings, model, model)
    renew_sliders(recordings, model, model, overwrite=True)
    assert load_model(model).metadata.has_analysis
    with pytest.raises(ModelFileError):
        renew_sliders(recordings, tmp_path / "nowhere.distill", tmp_path / "new.distill")
