"""A few kills; `python -m tests.campaigns.kills` does hundreds.

It takes its time: every kill is of one process, and another finishes the work.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.campaigns import kills
from tests.campaigns.operations import OPERATIONS, Pantry

COUNT = 9


@pytest.mark.skipif(os.name != "posix", reason="there are no such signals, and no such locks")
def test_a_killed_process_leaves_nothing_half_and_nothing_for_good(
    tmp_path: Path, demo_artifact: Path
) -> None:
    pantry = tmp_path / "pantry"
    pantry.mkdir()
    operations = [OPERATIONS[name] for name in ("batch", "preset", "reproduce")]
    outcomes = kills.run(operations, Pantry(pantry, demo_artifact), tmp_path, count=COUNT)
    assert [fault for outcome in outcomes.values() for fault in outcome.faults] == []
    assert sum(outcome.kills + outcome.ended for outcome in outcomes.values()) == COUNT
    assert sum(outcome.unfinished for outcome in outcomes.values()) >= 1, "kills that mattered"
