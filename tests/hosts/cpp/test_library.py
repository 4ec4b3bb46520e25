"""What the C++ library plays is what Python plays, bit for bit."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_runtime import Artifact, LiveStream, StereoSettings
from distill_runtime.latents.nearness import Pull
from distill_runtime.latents.seeds import TorchGenerator
from distill_runtime.latents.trajectory import crossfade, evolve
from tests.distill_runtime.made_landmarks import make_landmarks
from tests.hosts.cpp.probe import ONNXRUNTIME, Probe, words
from tests.hosts.with_controls import with_controls

known_artifacts = pytest.importorskip("tests.known_artifacts")

pytestmark = pytest.mark.skipif(not ONNXRUNTIME.exists(), reason="needs onnxruntime as a library")

SMALL: dict[str, dict[str, Any]] = {
    "learned": {},
    "int8": {"precision": "int8"},
    "refined": {"passes": 3, "is_expanded": True},
}


@pytest.fixture
def probe(cpp_build: Path, tmp_path: Path) -> Probe:
    """Return the program that asks the library."""
    return Probe(cpp_build / "probe", tmp_path)


@pytest.fixture(scope="session")
def played(once: Any, demo_artifact: Path) -> Path:
    """Return the demo's artifact, with landmarks to be near to."""

    def write(folder: Path) -> Path:
        landmarks = make_landmarks(latent_dim=Artifact.load(demo_artifact).latent_dim)
        return with_controls(demo_artifact, demo_artifact, folder / "a.onnx", landmarks=landmarks)

    path: Path = once("cpp-played", write)
    return path


@pytest.fixture(scope="session")
def small(once: Any, traced_once: None) -> dict[str, Path]:
    """Return an artifact of each kind, of random weights."""

    def write(folder: Path) -> dict[str, Path]:
        paths = {kind: folder / f"{kind}.onnx" for kind in SMALL}
        for kind, path in paths.items():
            path.write_bytes(known_artifacts.artifact(**SMALL[kind]))
        return paths

    paths: dict[str, Path] = once("cpp-small-artifacts", write)
    return paths


def test_seeds_are_torchs(probe: Probe, small: dict[str, Path]) -> None:
    sizes = {0: 16, 1: 17, 7: 100, 2**32 - 1: 128, 12345: 4096}
    expected = [TorchGenerator(seed).randn(size) for seed, size in sizes.items()]
    found = probe(small["learned"], *(f"seeds {seed} {n}" for seed, n in sizes.items())).numbers
    np.testing.assert_array_equal(found, np.concatenate(expected))


def test_trajectories_are_pythons(probe: Probe, small: dict[str, Path]) -> None:
    vector = TorchGenerator(3).randn(16)
    asked = [(1, 0.5), (2, 1.0), (3, 2.0), (4, 3.01), (5, 61.0)]
    expected = [crossfade(seed=s, duration_s=d, latent_dim=16) for s, d in asked]
    expected += [evolve(vector, seed=s, duration_s=d, evolution=0.3) for s, d in asked]
    script = [f"path {seed} {seconds}" for seed, seconds in asked]
    script += [f"vector {words(vector)}", *(f"evolve {s} {d} 0.3" for s, d in asked)]
    found = probe(small["learned"], *script).numbers
    np.testing.assert_array_equal(found, np.concatenate(expected).ravel())


@pytest.mark.parametrize("kind", SMALL)
def test_streams_are_pythons(kind: str, probe: Probe, small: dict[str, Path]) -> None:
    artifact = Artifact.load(small[kind])
    latents = crossfade(seed=9, duration_s=5, latent_dim=16)[np.newaxis]
    state, whole = artifact.initial_state(), []
    audio, state = artifact.step(latents[:, :-1], state)
    whole.append(audio[0])
    whole.append(artifact.step(latents[:, -1:], state, finish=True)[0][0])
    found = probe(small[kind], *(f"stream 9 5 {steps}" for steps in (1, 3, 100))).numbers
    for cut in np.split(found, 3):
        np.testing.assert_array_equal(cut, np.concatenate(whole))


@pytest.mark.parametrize("kind", SMALL)
def test_a_step_that_is_interrupted_leaves_no_trace(
    kind: str, probe: Probe, small: dict[str, Path]
) -> None:
    played = probe(small[kind], "stream 9 5 3", "interrupted 1", "stream 9 5 3").numbers
    np.testing.assert_array_equal(*np.split(played, 2))


@pytest.mark.parametrize("mode", ["mono", "mid-side", "dual-seed"])
def test_a_live_sound_is_pythons(mode: str, probe: Probe, played: Path) -> None:
    artifact = Artifact.load(played)
    assert artifact.landmarks
    assert artifact.controls
    live = LiveStream(artifact, seed=11, stereo=StereoSettings(mode), realtime=False)
    script = ["seed 11", f"nearness {artifact.landmarks.default}", f"voice {mode} - 0"]
    heard = []
    generator = np.random.default_rng(5)
    positions = [0.0] * len(artifact.sliders)
    for move in range(14):
        match move % 7:
            case 0:
                live.walk(100 + move)
                script += ["sliders", f"seed {100 + move}", "move restart"]
            case 1:
                positions[move % len(positions)] = float(generator.integers(-3, 4))
                live.set_sliders(positions)
                script += [f"sliders {words(positions)}", "move"]
            case 2:
                live.drift = 0.3
                script += ["drift 0.3", "move"]
            case 3:
                live.nearness = 0.9
                script += ["nearness 0.9", "move"]
            case 4:
                live.move_control(artifact.controls[0].name, 2.5)
                others = [0.0] * (len(artifact.controls) - 1)
                script += [f"controls {words([2.5, *others])}", "move"]
            case 5 | 6:
                live.hold = move % 7 == 5
                script += [f"hold {int(live.hold)}", "move"]
        for samples in (int(generator.integers(1, 30_000)), int(generator.integers(1, 300))):
            heard.append(np.ravel(live.read(samples)))
            script.append(f"read {samples}")
    answer = probe(played, *script)
    np.testing.assert_array_equal(answer.numbers, np.concatenate(heard))
    assert float(answer.lines[-1].split()[1]) == pytest.approx(live.gain, rel=1e-12)


def test_a_sound_in_real_time_is_there_when_it_is_read(probe: Probe, demo_artifact: Path) -> None:
    script = ["seed 3", "voice mono 1 1", "pause 200", "read 64", "sliders", "seed 9"]
    script += ["move restart", *["read 256", "pause 5"] * 30]
    answer = probe(demo_artifact, *script)
    assert answer.lines[-1].split()[3] == "0", answer.lines  # underruns
    artifact = Artifact.load(demo_artifact)
    with LiveStream(artifact, seed=3, nearness=0.0, gain=1.0, realtime=False) as live:
        np.testing.assert_array_equal(answer.numbers[:64], live.read(64))
        undisturbed = live.read(len(answer.numbers) - 64)
    assert not np.array_equal(answer.numbers[64:], undisturbed)
    assert np.abs(np.diff(answer.numbers)).max() < 0.5  # nothing clicks


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (["seeds 1 15"], "cannot draw 15 random values"),
        (["path 1 0"], "the duration is 0 s, expected"),
        (["path 1 nan"], "a number is missing"),
        (["drift 1.5", "voice mono - 0"], "the drift is 1.5, expected a number from 0 to 1"),
        (
            ["seed 4294967295", "voice dual-seed - 0"],
            "expected a whole number from 0 to 4294967294",
        ),
        (["sliders 1", "voice mono - 0"], "this model has no sliders"),
        (["vector 1 2", "voice mono - 0"], "the latent vector has 2 values, expected 16"),
        (["controls 1", "voice mono - 0"], "there are steps for 1 controls"),
        (["nearness 0.5", "voice mono - 0"], "does not know where its recordings lie"),
        (["voice mono -1 0"], "the gain is -1, expected"),
    ],
)
def test_what_cannot_be_is_said(
    script: list[str], said: str, probe: Probe, small: dict[str, Path]
) -> None:
    answer = probe(small["learned"], *script, fails=True)
    assert said in answer.lines[-1]


def test_a_missing_onnxruntime_is_said(
    cpp_build: Path, small: dict[str, Path], tmp_path: Path
) -> None:
    for library, said in (
        (tmp_path / "none.so", "onnxruntime is not there"),
        (Path("/lib/x86_64-linux-gnu/libm.so.6"), "is not onnxruntime"),
    ):
        if library.parent == tmp_path or library.exists():
            probe = Probe(cpp_build / "probe", tmp_path, library)
            assert said in probe(small["learned"], fails=True).lines[-1]


def test_the_program_renders_a_seed(cpp_build: Path, played: Path, tmp_path: Path) -> None:
    out = tmp_path / "sound.wav"
    _play(cpp_build, str(played), str(out), "--seed", "7", "--seconds", "2", "--raw")
    found, rate = soundfile.read(out, dtype="float32")
    artifact = Artifact.load(played)
    latents = crossfade(seed=7, duration_s=2, latent_dim=artifact.latent_dim)
    assert artifact.landmarks
    latents = Pull(artifact.landmarks)(latents, artifact.landmarks.default)
    assert rate == 48_000
    np.testing.assert_array_equal(found, artifact.render(latents[np.newaxis])[0][:96_000])
    _play(cpp_build, str(played), str(out), "--seconds", "0.5")
    assert np.abs(soundfile.read(out)[0]).max() == pytest.approx(0.891, abs=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == ["sound.wav"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "usage: distill-play"),
        (["a.onnx", "b.wav", "--seed", "1.5"], 2, "--seed is not a whole number"),
        (["a.onnx", "b.wav", "--seconds"], 2, "--seconds has no value"),
        (["a.onnx", "b.wav", "--loud"], 2, "there is no option --loud"),
        (["a.onnx", "b.wav"], 2, "a.onnx: "),
    ],
)
def test_the_program_says_what_is_wrong(
    arguments: list[str], code: int, said: str, cpp_build: Path, tmp_path: Path
) -> None:
    done = _play(cpp_build, *arguments, code=code, cwd=tmp_path)
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_program_leaves_nothing_half_where_it_cannot_write(
    cpp_build: Path, demo_artifact: Path, tmp_path: Path
) -> None:
    out = tmp_path / "none" / "sound.wav"
    done = _play(cpp_build, str(demo_artifact), str(out), "--seconds", "0.5", code=1)
    assert "it cannot be written" in done.stderr


def _play(
    build: Path, *arguments: str, code: int = 0, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(build / "distill-play"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cwd,
        env={"DISTILL_ONNXRUNTIME": str(ONNXRUNTIME), "PATH": ""},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done
