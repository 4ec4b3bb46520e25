"""An artifact for nn~ in C++, called as nn~ calls it, against the same file in Python."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.distill_runtime.made_controls import make_control
from tests.distill_runtime.made_landmarks import make_landmarks
from tests.once import Once

pytest.importorskip("torch")

from distill_export.formats.nn_tilde.player import NnTildePlayer
from distill_export.formats.nn_tilde.program import NnTildeProgram
from distill_export.formats.program import Handles, ProgramSource
from distill_export.graph.build import build_synthesizer
from distill_export.model.file import load_model
from distill_export.model.slider_bank import slider_bank
from tests.distill_export import model_files

SECONDS, WINDOWS = 2, 192  # 2.048 s, of which the program writes 2


@pytest.fixture(scope="session")
def host(torch_cpp: Path) -> Path:
    return torch_cpp / "nn_tilde_host"


@pytest.fixture(scope="session")
def model(once: Once) -> Path:
    """A tiny model with a control, sliders and landmarks; its export is tested elsewhere."""

    def make(folder: Path) -> Path:
        path = model_files.write(model_files.model_content(), folder / "tiny.distill")
        loaded = load_model(path)
        handles = Handles(slider_bank(loaded.analysis), (make_control("Air"),), make_landmarks())
        source = ProgramSource(build_synthesizer(loaded), lambda: handles)
        return NnTildeProgram.build(source, folder / "tiny.ts").path

    return once("tiny-nn", make)


def run(host: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(host), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)


def played(host: Path, model: Path, out: Path, *options: str) -> tuple[np.ndarray, str]:
    done = run(host, model, "play", out, "--seconds", str(SECONDS), *options)
    assert (done.returncode, done.stderr) == (0, "")
    return soundfile.read(out, dtype="float32")[0], done.stdout


@pytest.mark.parametrize("block", [512, 2048, 8192])
def test_it_plays_what_python_plays(host: Path, model: Path, tmp_path: Path, block: int) -> None:
    # As an object is sent them: text of a float, whatever the attribute is.
    options = ["--set", "seed:7.000000", "--set", "gain:0.500000", "--inlet", "4:0.75"]
    move = ["--at", "1.0", "--inlet", "0:3"]
    found, said = played(host, model, tmp_path / "a.wav", "--block", str(block), *options, *move)
    assert said.splitlines() == [
        "seed 7",
        "gain 0.500000",
        "reset 0",
        "answers 10",
        "nearness 0.500000",
    ]
    signals = np.zeros((1, 5, WINDOWS), np.float32)
    signals[0, 4] = 0.75
    signals[0, 0, -(-48_000 // block) * block // 512 :] = 3.0
    player = NnTildePlayer(model)
    player.set("seed", 7)
    player.set("gain", 0.5)
    expected = player.play("play", signals, [block])[0, : SECONDS * 48_000]
    assert expected.std() > 1e-4
    assert np.array_equal(found, expected)


def test_attributes_keep_to_their_bounds(host: Path, model: Path, tmp_path: Path) -> None:
    wild = ["seed:-5", "gain:1e9", "answers:1000", "nearness:nan", "reset:1"]
    sets = [word for text in wild for word in ("--set", text)]
    _, said = played(host, model, tmp_path / "a.wav", *sets)
    assert "seed 0\ngain 100.000000\nreset 0\nanswers 94\nnearness 0.500000\n" in said


def test_decode_has_an_inlet_for_each_latent_value(host: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.wav"
    done = run(host, model, "decode", out, "--seconds", "0.6", "--inlet", "15:1.5")
    assert (done.returncode, done.stderr) == (0, "")
    signals = np.zeros((1, 16, 60), np.float32)
    signals[0, 15] = 1.5
    expected = NnTildePlayer(model).play("decode", signals, [2048])[0, :28_800]
    assert np.array_equal(soundfile.read(out, dtype="float32")[0], expected)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["forward"], "there is no method forward, expected one of play, decode"),
        (["play", "--set", "volume:1"], "there is no attribute volume, expected one of seed, gain"),
        (["play", "--inlet", "5:1"], "--inlet needs a number from 0"),
        (["play", "--block", "256"], "--block needs a power of two from 512"),
        (["play", "--block", "1000"], "--block needs a power of two from 512"),
        (["play", "--at", "-1"], "--at needs a number from 0"),
        (["play", "--bar", "1"], "there is no option --bar"),
    ],
)
def test_misuse_is_told_in_a_line(
    host: Path, model: Path, tmp_path: Path, arguments: list[str], expected: str
) -> None:
    method, *options = arguments
    done = run(host, model, method, tmp_path / "out.wav", *options)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert expected in done.stderr


def test_a_file_that_nn_does_not_play_is_told(host: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ts"
    bad.write_bytes(b"no archive")
    for path, expected in ((tmp_path / "none.ts", "does not exist"), (bad, "damaged")):
        done = run(host, path, "play", tmp_path / "out.wav")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert expected in done.stderr
