"""What a model without a name is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_export.model.naming import stem_of


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("rain.distill", "rain"),
        ("sea/best.distill", "best"),  # a model file is called as it is meant to be
        ("sea/rain.pt", "rain"),
        ("sea/rain_best.pt", "rain_best"),
        ("rain.training/checkpoints/best.pt", "rain"),
        ("rain.training/checkpoints/checkpoint_00000500.pt", "rain"),
        ("sea/checkpoints/epoch_40.pt", "sea"),
        ("sea/checkpoints/BEST.PT", "sea"),
        ("sea/runs/3/model-final.pt", "sea"),
        ("v1.2 birds/last.pt", "v1.2 birds"),
        ("best_of_rain/best.pt", "best_of_rain"),
    ],
)
def test_a_checkpoint_is_called_what_its_model_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, expected: str
) -> None:
    assert stem_of(tmp_path / path) == expected
    monkeypatch.chdir(tmp_path)
    assert stem_of(Path(path)) == expected


def test_a_relative_path_is_named_after_the_folder_it_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wind" / "checkpoints").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "wind" / "checkpoints")
    assert stem_of(Path("best.pt")) == "wind"


def test_where_nothing_says_more_it_is_the_file() -> None:
    assert stem_of(Path("/best.pt")) == "best"
    assert stem_of(Path("/checkpoints/best.pt")) == "best"
