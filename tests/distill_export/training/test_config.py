from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distill_export.model.safe_unpickle import read_file
from distill_export.training.config import TrainingSettings
from distill_export.training.presets import PRESETS, preset_name
from distill_runtime.errors import RequestError
from tests.distill_export.training.synthetic_recordings import tiny_settings


def same_types(found: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return list(found) == list(expected) and all(
            same_types(found[key], expected[key]) for key in expected
        )
    if isinstance(expected, tuple):
        return found == expected
    return type(found) is type(expected)


def test_the_file_gets_distills_own_fields(shared: Path) -> None:
    expected = read_file(shared / "reference" / "ambience.distill")["training_config"]
    found = TrainingSettings().to_training_config()
    assert same_types(found, expected)
    assert found["preset"] == expected["preset"]


def test_settings_survive_a_checkpoint() -> None:
    settings = tiny_settings(seed=7, statistics="zscore")
    assert TrainingSettings.from_dict(settings.to_dict(), document="x") == settings
    with pytest.raises(RequestError, match="not made by this version"):
        TrainingSettings.from_dict({"seed": 1}, document="x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("latent_dim", 15),
        ("latent_dim", 16.0),
        ("width", 0),
        ("seed", -1),
        ("seed", 2**32),
        ("seed", True),
        ("max_epochs", 0),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("dropout", 1.0),
        ("val_fraction", -0.1),
        ("kl_warmup_fraction", 1.5),
        ("free_bits", float("inf")),
        ("statistics", "minmax"),
    ],
)
def test_settings_out_of_bounds_are_refused(name: str, value: Any) -> None:
    with pytest.raises(RequestError, match=f"^{name} is .*, expected"):
        TrainingSettings(**{name: value})


def test_presets_go_by_the_size_of_the_data_set() -> None:
    assert [preset_name("auto", n) for n in (1, 600, 601, 6000, 6001)] == [
        "small",
        "small",
        "medium",
        "medium",
        "large",
    ]
    assert preset_name("large", 1) == "large"
    with pytest.raises(RequestError, match="no preset 'huge'"):
        preset_name("huge", 1)
    for preset in PRESETS.values():
        TrainingSettings(**preset.settings)
