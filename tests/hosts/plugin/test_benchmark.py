"""The benchmark of the plug-in measures it; no time is checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.plugin import ClapHost, measure_answers, measure_load
from tests.hosts.plugin.conftest import Plugin


def test_answers_and_load_are_measured(plugin: Plugin, demo_artifact: Path, tmp_path: Path) -> None:
    host = ClapHost(plugin.folder, demo_artifact, tmp_path)
    assert host.parameters["Level"].least == -60.0
    median, most, worst = measure_answers(host, 2)
    assert np.isfinite(worst.value)
    assert 0.0 < median.value <= most.value <= worst.value
    late, load = measure_load(host, 0.5)
    assert late.value >= 0.0
    assert load.value > 0.0
