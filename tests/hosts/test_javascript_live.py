"""Live playing in JavaScript: held against Python, in Node and in a real browser."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from distill_runtime import Recipe, Reproduction
from distill_runtime.audio.snr import snr_db
from tests.distill_runtime.made_landmarks import make_landmarks
from tests.hosts.live_sounds import write_live_sounds
from tests.hosts.node import LIBRARY, REPOSITORY, TESTS, passes, run_in
from tests.hosts.with_controls import with_controls

if TYPE_CHECKING:
    from distill_export.export import ExportReport

CHROMIUM = Path(os.environ.get("DISTILL_CHROMIUM", "/usr/bin/chromium"))

# How near Python's sound of a recipe is to what was heard, in dB: WebAssembly rounds otherwise.
FLOOR_DB = 80.0


@pytest.fixture(scope="module")
def live_sounds(
    demo_variants: list[ExportReport],
    demo_artifact: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return a folder of what hands play in Python, on the artifact that plays fastest."""
    (int8,) = (report for report in demo_variants if report.metadata.precision == "int8")
    folder = tmp_path_factory.mktemp("live")
    landmarks = make_landmarks(40, latent_dim=int8.metadata.latent_dim, width=5.0, default=0.3)
    path = folder / "int8.onnx"
    write_live_sounds(folder, with_controls(int8.path, demo_artifact, path, landmarks=landmarks))
    return folder


def test_every_file_of_live_tests_is_run() -> None:
    found = {path.name.removesuffix(".test.js") for path in TESTS.glob("live*.test.js")}
    assert found == {"live", "live-parts", "live-player", "live-browser"}


@pytest.mark.parametrize("test", ["live-parts", "live-player"])
def test_its_parts_do_what_they_say(node: str, answers: Path, live_sounds: Path, test: str) -> None:
    passes(node, test, {"DISTILL_ANSWERS": answers, "DISTILL_LIVE": live_sounds})


def test_it_plays_as_python_does(node: str, node_modules: Path, live_sounds: Path) -> None:
    passes(node, "live", {"DISTILL_LIVE": live_sounds})
    reproduces(live_sounds, "node-*.json", 4)
    reproduces(live_sounds, "web-*.json", 1)


def test_a_browser_plays_in_real_time(node: str, node_modules: Path, live_sounds: Path) -> None:
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium")
    passes(node, "live-browser", {"DISTILL_LIVE": live_sounds})
    reproduces(live_sounds, "browser-*.json", 2)


def reproduces(folder: Path, pattern: str, count: int) -> None:
    """See that Python makes of recipes what was heard where they come from."""
    artifact = json.loads((folder / "answers.json").read_text("utf-8"))["artifact"]
    recipes = sorted(folder.glob(pattern))
    assert len(recipes) == count
    for path in recipes:
        recipe = Recipe.from_json(path.read_text("utf-8"), document=path.name)
        expected = Reproduction.of(recipe, [artifact]).generate().audio
        heard = np.fromfile(path.with_suffix(".out"), np.float32).reshape(expected.shape)
        assert snr_db(expected, heard) >= FLOOR_DB, path.name


def test_the_worklet_can_be_loaded_from_a_data_address() -> None:
    source = (LIBRARY / "src" / "live" / "worklet.js").read_text("utf-8")
    assert not re.search(r"^\s*(import|export)\b", source, re.MULTILINE)


def test_the_benchmark_tells_misuse(node: str, tmp_path: Path) -> None:
    done = run_in(tmp_path, [node, REPOSITORY / "benchmarks" / "live_browser.mjs", "--loud"])
    assert done.returncode == 1
    assert "Unknown option" in done.stderr
