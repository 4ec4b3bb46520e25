"""The page, hosts/js/page: in headless Chromium, end to end."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile

from distill_runtime import (
    Artifact,
    Blend,
    GenerationConfig,
    GenerationPipeline,
    Preset,
    Recipe,
    StereoSettings,
)
from distill_runtime.audio.snr import snr_db
from tests.distill_runtime.made_landmarks import make_landmarks
from tests.hosts.node import LIBRARY, run_in
from tests.hosts.page.site import MARK, write_player, write_site
from tests.hosts.page.static_server import serving
from tests.hosts.with_controls import with_controls
from tests.once import Once

if TYPE_CHECKING:
    from distill_export.export import ExportReport

TESTS = Path(__file__).parent / "page"
SOURCES = [
    path
    for folder in ("page/app", "page/styles")
    for path in (LIBRARY / folder).rglob("*.*")
    if path.is_file()
]
CHROMIUM = Path(os.environ.get("DISTILL_CHROMIUM", "/usr/bin/chromium"))
PAGE_FILES = {
    "engine.js",
    "icon.svg",
    "index.html",
    "live.js",
    "onnxruntime-LICENSE.txt",
    "ort-wasm-simd-threaded.wasm",
    "ort.wasm.bundle.min.mjs",
    "page.css",
    "page.js",
    "player.html",
    "worklet.js",
}
LANDMARKS = make_landmarks(40, latent_dim=128, width=5.0, default=0.25)
SLIDERS = (2, -3.5, 0, 0, 0, 0, 0, 1)
MAX_LINES = 350


@dataclass(frozen=True)
class Site:
    """The page as it is served, and what it plays."""

    folder: Path
    artifacts: dict[str, Path]


@pytest.fixture(scope="session")
def page(once: Once, node_modules: Path) -> Path:
    """Return the built page."""

    def build(folder: Path) -> Path:
        built = run_in(LIBRARY, ["npm", "run", "build", "--silent", "--", "--out", folder])
        assert built.returncode == 0, built.stderr
        return folder

    return once("page", build)


@pytest.fixture(scope="session")
def site(
    once: Once,
    page: Path,
    demo_artifact: Path,
    demo_variants: list[ExportReport],
    demo_refined: Path,
) -> Site:
    """Return the page with artifacts beside it."""
    exported = {report.metadata.precision: report.path for report in demo_variants}
    exported["refined"] = demo_refined

    def write_models(folder: Path) -> Path:
        for name, path in exported.items():
            known = LANDMARKS if name == "int8" else None
            out = folder / f"{name}.onnx"
            with_controls(path, demo_artifact, out, landmarks=known)
        return folder

    models = once("page-models", write_models)
    made = {name: models / f"{name}.onnx" for name in exported}
    artifacts = {
        "ambience_int8.onnx": made["int8"],
        "ambience_float16.onnx": made["float16"],
        "ambience_refined.onnx": made["refined"],
    }
    folder = once("page-site", lambda folder: write_site(page, artifacts, folder))
    return Site(folder, {**artifacts, "float32.onnx": made["float32"]})


@pytest.fixture
def visit(
    request: pytest.FixtureRequest,
    node: str,
    site: Site,
    page: Path,
    tmp_path: Path,
) -> Iterator[Path]:
    """Run a file of tests in a browser; return the folder of what they saved."""
    if not CHROMIUM.is_file():
        pytest.skip("needs Chromium")
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    for name, path in site.artifacts.items():
        (artifacts / name).symlink_to(path)
    player = write_player(
        page, site.artifacts["ambience_int8.onnx"], "ambience_int8.onnx", tmp_path / "player.html"
    )
    with ExitStack() as servers:
        variables = {
            "DISTILL_PAGE": servers.enter_context(serving(site.folder)),
            "DISTILL_BARE_PAGE": servers.enter_context(serving(site.folder, isolated=False)),
            "DISTILL_ARTIFACTS": artifacts,
            "DISTILL_PLAYER": player,
            "DISTILL_OUT": tmp_path,
        }
        test = TESTS / f"{request.param}.test.js"
        done: subprocess.CompletedProcess[str] = run_in(
            TESTS, [node, "--test", "--test-reporter", "tap", test], variables
        )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    assert int(re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)[1]) > 0
    assert "\n# skipped 0\n" in done.stdout
    yield tmp_path


@pytest.mark.parametrize("visit", ["access", "library", "trouble"], indirect=True)
def test_it_is_whole(visit: Path) -> None:
    assert visit.is_dir()


@pytest.mark.parametrize("visit", ["play"], indirect=True)
def test_it_plays_as_python_does(visit: Path, site: Site) -> None:
    int8 = Artifact.load(site.artifacts["ambience_int8.onnx"])
    stereo = StereoSettings("mid-side", width=1.0, depth=0.5)
    config = GenerationConfig(duration_s=4.0, seed=7, sliders=SLIDERS, stereo=stereo)
    assert _nearness(visit / "finished.wav", int8, config) >= 90
    assert Recipe.load(visit / "finished.wav").config == replace(config, nearness=0.25)
    moved = replace(config, sliders=(2.6, *SLIDERS[1:]), controls={"Brightness": 3})
    assert _nearness(visit / "unfinished.wav", int8, moved) >= 74
    near = GenerationConfig(duration_s=1.0, seed=7, sliders=SLIDERS, nearness=0.75)
    assert _nearness(visit / "near.wav", int8, near) >= 90
    for name, ends in (("faded", {"fade_out_s": 0.5}), ("loop", {"loop": True})):
        wanted = replace(near, nearness=0.5, **ends)
        assert Recipe.load(visit / f"{name}.wav").config == wanted
        assert _nearness(visit / f"{name}.wav", int8, wanted) >= 90
    blended = Recipe.load(visit / "blend.wav")
    float16 = Artifact.load(site.artifacts["ambience_float16.onnx"])
    assert [one.weight for one in blended.ingredients] == [50, 50]
    blend = Blend([int8, float16], mode="audio")
    assert _nearness(visit / "blend.wav", blend, blended.config) >= 90
    preset = Preset.load(visit / "dawn.json").config(int8)
    assert preset.sliders == (0, 0, -4, 0, 0, 0, 0, 0)
    (index,) = json.loads((visit / "presets.json").read_text("utf-8"))["presets"].values()
    assert (index["name"], index["folder"]) == ("Dawn", "Night")
    assert Preset.load(visit / "presets.json", name="Dawn").config(int8).sliders == preset.sliders


@pytest.mark.parametrize("visit", ["live"], indirect=True)
def test_it_plays_live(visit: Path) -> None:
    audio, rate = soundfile.read(visit / "live.wav")
    assert rate == 48_000
    assert len(audio) > 0.4 * rate
    assert 0.01 < abs(audio).max() <= 1
    performance = Recipe.load(visit / "live.wav").performance
    assert performance is not None
    assert performance.place.nearness == 0.25
    assert [move.place.nearness for move in performance.moves][-1] == 1.0


@pytest.mark.parametrize("visit", ["player"], indirect=True)
def test_a_page_of_one_file_plays_from_the_disk(visit: Path, site: Site) -> None:
    int8 = Artifact.load(site.artifacts["ambience_int8.onnx"])
    config = GenerationConfig(duration_s=2.0, seed=11, sliders=(3, *[0] * 7))
    assert _nearness(visit / "player.wav", int8, config) >= 90
    assert (visit / "player.html").stat().st_size < 14e6


def test_what_is_built_is_known(page: Path) -> None:
    assert {path.name for path in page.iterdir()} == PAGE_FILES
    index = (page / "index.html").read_text("utf-8")
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", index)
    template = (page / "player.html").read_text("utf-8")
    assert template.count(MARK) == 1
    assert "default-src 'none'" in template
    assert "unsafe-inline" not in template
    assert "MIT License" in template


def test_every_file_of_tests_is_run() -> None:
    found = {path.name.removesuffix(".test.js") for path in TESTS.glob("*.test.js")}
    assert found == {"access", "library", "live", "play", "player", "trouble"}


def test_a_file_of_it_holds_one_idea() -> None:
    assert len(SOURCES) > 40
    for path in [*SOURCES, *TESTS.glob("*.js"), LIBRARY / "build.mjs"]:
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= MAX_LINES, path.name


def _nearness(wav: Path, source: Artifact | Blend, config: GenerationConfig) -> float:
    """Return how near a saved sound is to Python's, in dB."""
    found, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    return snr_db(GenerationPipeline(source).generate(config).audio, found.T)
