from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_export.model.safe_unpickle import read_file
from distill_export.training.config import TrainingSettings
from distill_export.training.presets import (
    PRESETS,
    latent_values,
    preset_name,
    preset_settings,
)
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


@given(st.integers(1, 10**8))
def test_latent_values_grow_slowly_with_the_recordings(chunks: int) -> None:
    few = latent_values(chunks)
    TrainingSettings(latent_dim=few)
    assert few <= latent_values(chunks + 1) <= 2 * few
    assert latent_values(10 * chunks) <= 2 * few
    assert few == 16 or chunks > 600
    assert few in (16, 32, 64, 128)


def test_latent_values_go_by_the_corpus() -> None:
    assert [latent_values(n) for n in (1, 60, 600, 601, 6000, 6001, 60_000, 60_001, 10**9)] == [
        *(16, 16, 16, 32, 32, 64, 64, 128, 128)
    ]


def test_a_preset_comes_with_its_latent_values() -> None:
    assert preset_settings("auto", 62) == {**PRESETS["small"].settings, "latent_dim": 16}
    assert preset_settings("large", 900) == {**PRESETS["large"].settings, "latent_dim": 32}
    for chunks in (1, 601, 6001):
        TrainingSettings(**preset_settings("auto", chunks))
    with pytest.raises(RequestError, match="no preset 'huge'"):
        preset_settings("huge", 1)
