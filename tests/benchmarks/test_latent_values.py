from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("torch")

from benchmarks import latent_values
from tests.distill_export.training import synthetic_recordings


def test_each_number_of_values_has_two_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    learnt = synthetic_recordings.write_recordings(tmp_path / "learnt", 2)
    held_out = synthetic_recordings.write_noises(tmp_path / "held", 2)
    arguments = [str(learnt), "--held-out", str(held_out), "--width", "2", "--epochs", "1"]
    monkeypatch.setattr("sys.argv", ["latent_values", *arguments, "--latents", "16", "20"])
    latent_values.main()
    first, *table = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"spread of a band in 4 recorded seconds: [1-9][\d.]+ dB", first)
    cells = [line.strip("| ").split(" | ") for line in table]
    assert {len(row) for row in cells} == {len(latent_values.HEAD)}
    assert [row[:2] for row in cells[2:]] == [
        *(["16", "no"], ["16", "yes"], ["20", "no"], ["20", "yes"])
    ]
    assert cells[2][2] == cells[3][2]  # what comes back stays
