"""The plug-in as a VST3, in pedalboard: bounced, it is what Python plays, sample for sample."""

from __future__ import annotations

import importlib.util
import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime import Artifact, LiveStream, StereoSettings
from tests.distill_runtime.small_artifacts import METADATA
from tests.hosts.plugin.conftest import Plugin, environment_of
from tests.known_artifacts import artifact, onnx, sealed

HOST = Path(__file__).parent / "in_pedalboard.py"
BOUNCED = {"Render": "Bounce", "Play": "Always", "Key Attack": 0}

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pedalboard") is None, reason="needs pedalboard, a host of VST3"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, traced_once: None) -> Path:
    """Return a small model with a control and a slider."""
    path = tmp_path_factory.mktemp("model") / "rain.onnx"
    graph = onnx.ModelProto.FromString(artifact())
    path.write_bytes(sealed(graph, controls=METADATA.controls, sliders=METADATA.sliders))
    return path


def hosted(
    plugin: Plugin, artifacts: Path, folder: Path, **scene: Any
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return what every instance plays [2, samples], and what the host says."""
    (folder / "scene.json").write_text(json.dumps(scene))
    out = folder / "out.npy"
    done = subprocess.run(
        [sys.executable, str(HOST), str(plugin.vst3), str(folder / "scene.json"), str(out)],
        env=environment_of(artifacts),
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return np.load(out), json.loads(done.stdout)


def blocks(frames: int, count: int) -> list[dict[str, Any]]:
    return [{"frames": frames} for _ in range(count)]


def test_automation_is_what_python_plays(
    plugin: Plugin, demo_artifact: Path, tmp_path: Path
) -> None:
    model = Artifact.load(demo_artifact)
    controls = [control.name for control in model.controls]
    name = controls[0]
    least, most = model.controls[0].safe_min_step, model.controls[0].safe_max_step
    high, low = (
        least + part * (most - least) for part in (0.75, 0.25)
    )  # exact as a host's numbers
    moves: list[dict[str, Any]] = [
        {"frames": 4800},
        {"frames": 512, "sets": {name: high}},
        {"frames": 1000, "sets": {"Hold": "On", "Nearness": 0.0}},
        {"frames": 8192, "sets": {name: low}},
        {"frames": 30_000},
    ]
    [heard], said = hosted(
        plugin, demo_artifact, tmp_path, sets={**BOUNCED, "Seed": 100}, blocks=moves
    )
    nearness = model.landmarks.default if model.landmarks else 0.0
    stream = LiveStream(
        model, seed=100, stereo=StereoSettings("dual-seed"), realtime=False, nearness=nearness
    )
    expected = [stream.read(4800)]
    stream.set_controls({name: high})
    expected.append(stream.read(512))
    stream.hold, stream.nearness = True, 0.0
    expected.append(stream.read(1000))
    stream.set_controls({name: low})
    expected += [stream.read(8192), stream.read(30_000)]
    assert np.array_equal(heard, np.concatenate(expected, axis=1))
    assert said["values"]["Model"] == demo_artifact.stem


def test_parameters_have_the_names_and_ranges_of_the_model(
    plugin: Plugin, model: Path, tmp_path: Path
) -> None:
    _, said = hosted(plugin, model, tmp_path, blocks=blocks(64, 1))
    found = said["parameters"]
    assert [float(end) for end in found["Brightness"][:2]] == [-10.0, 8.0]
    assert [float(end) for end in found["Slider PC1 (Loudness)"][:2]] == [-8.0, 7.0]
    assert found["Model"][:2] == ["Silence", "rain"]
    assert found["Key Attack"][2] == "ms" and found["Level"][2] == "dB"
    assert said["values"]["Model"] == "rain"


@pytest.mark.parametrize("frames", [1, 37, 8192])
def test_blocks_of_any_size_make_the_same_sound(
    plugin: Plugin, model: Path, tmp_path: Path, frames: int
) -> None:
    count = -(-8192 // frames) if frames > 1 else 600
    [heard], _ = hosted(plugin, model, tmp_path, sets=BOUNCED, blocks=blocks(frames, count))
    stream = LiveStream(
        Artifact.load(model), seed=0, stereo=StereoSettings("dual-seed"), realtime=False
    )
    assert np.array_equal(heard, stream.read(heard.shape[1]))


def test_a_key_starts_the_sound_of_its_seed(plugin: Plugin, model: Path, tmp_path: Path) -> None:
    keys = {"Render": "Bounce", "Play": "Keys", "Seed": 100, "Key Attack": 0, "Key Release": 0}
    [heard], _ = hosted(
        plugin, model, tmp_path, sets=keys,
        blocks=[{"frames": 480}, {"frames": 4800, "notes": [[0x90, 64, 64]]},
                {"frames": 480, "notes": [[0x80, 64, 0]]}],
    )  # fmt: skip
    stream = LiveStream(
        Artifact.load(model), seed=160, stereo=StereoSettings("dual-seed"), realtime=False
    )
    stream.read(480)
    stream.walk(164)
    expected = stream.read(4800) * np.float32(64 / 127)
    assert not heard[:, :480].any() and not heard[:, 5281:].any()
    np.testing.assert_allclose(heard[:, 481:5280], expected[:, 1:], atol=1e-6)


def test_a_saved_project_sounds_the_same(plugin: Plugin, model: Path, tmp_path: Path) -> None:
    state, key = str(tmp_path / "state"), [[0x90, 60, 127]]
    moved = {"Render": "Bounce", "Key Release": 0, "Seed": 4200, "Brightness": 3, "Level": -6}
    [first], _ = hosted(
        plugin, model, tmp_path, sets=moved,
        blocks=[{"frames": 4000}, {"frames": 4000, "notes": key, "save": state}],
    )  # fmt: skip
    [again], _ = hosted(
        plugin, model, tmp_path,
        blocks=[{"frames": 4000, "restore": state}, {"frames": 4000, "notes": key}],
    )  # fmt: skip
    assert first.any()
    assert np.array_equal(first, again)


def test_instances_come_and_go_without_a_trace(plugin: Plugin, model: Path, tmp_path: Path) -> None:
    heard, said = hosted(
        plugin, model, tmp_path, sets=BOUNCED, blocks=blocks(512, 20), instances=2, again=20
    )
    assert np.array_equal(heard[0], heard[1]) and heard.any()
    early, late = said["history"][5], said["history"][-1]
    assert late["threads"] == early["threads"]
    lowest_kb = min(taken["rss_kb"] for taken in said["history"][:8])
    assert min(taken["rss_kb"] for taken in said["history"][-8:]) < lowest_kb + 3_000


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 88_200, 96_000])
def test_other_rates_have_the_same_spectrum(
    plugin: Plugin, model: Path, tmp_path: Path, rate_hz: int
) -> None:
    [heard], _ = hosted(
        plugin, model, tmp_path, sets=BOUNCED, rate_hz=rate_hz, blocks=blocks(rate_hz // 10, 12)
    )
    stream = LiveStream(
        Artifact.load(model), seed=0, stereo=StereoSettings("dual-seed"), realtime=False
    )
    expected = stream.read(57_600)

    def band_db(sound: np.ndarray, rate: int) -> np.ndarray:
        cut = sound[0, rate // 10 : rate]  # of a tenth of a second on, when the filter is full
        power = np.abs(np.fft.rfft(cut * np.hanning(len(cut)))) ** 2 / len(cut) ** 2
        frequencies = np.fft.rfftfreq(len(cut), 1 / rate)
        edges = [200, 1000, 3000, 6000, 9000]
        return np.array([
            10 * np.log10(power[(frequencies >= low) & (frequencies < high)].sum() + 1e-20)
            for low, high in itertools.pairwise(edges)
        ])  # fmt: skip

    np.testing.assert_allclose(band_db(heard, rate_hz), band_db(expected, 48_000), atol=0.3)


def test_names_in_any_script_and_files_that_cannot_be_read(
    plugin: Plugin, model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "módèle ☂"
    folder.mkdir()
    shutil.copy(model, folder / "雨.onnx")
    (folder / "龍.onnx").write_bytes(b"\x08\x08")
    [heard], said = hosted(plugin, folder, tmp_path, sets=BOUNCED, blocks=blocks(512, 20))
    assert said["parameters"]["Model"][3] == 3
    assert heard.any()
