"""Full disks and folders that may not be written; `python -m tests.campaigns.full_disks` does all.

It takes its time: every command is a process.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.campaigns import full_disks
from tests.campaigns.operations import Pantry


@pytest.mark.skipif(sys.platform != "linux", reason="disks and rights are Linux's")
def test_what_cannot_be_written_is_one_line_and_leaves_nothing(
    tmp_path: Path, demo_artifact: Path
) -> None:
    pantry = tmp_path / "pantry"
    pantry.mkdir()
    only = {"flac", "preset", "long"}
    trials = full_disks.run(Pantry(pantry, demo_artifact), tmp_path, only=only)
    assert [fault for trial in trials for fault in trial.faults] == []
    assert {(trial.where, trial.how) for trial in trials} >= {
        (where, how) for where in ("output", "temporary") for how in ("size limit", "not writable")
    }
