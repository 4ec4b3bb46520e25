"""Fades and loops on the command line, and what is said of a sound that clicks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_runtime import Artifact, GenerationConfig, GenerationPipeline
from distill_runtime.cli.play.ends import describe_ends
from distill_runtime.generation.result import GenerationResult

BASE = ("rain.onnx", "-d", 0.4, "-s", 7, "--bit-depth", "32-float", "-o", "a.wav")


@pytest.fixture
def result(folder: Path) -> GenerationResult:
    pipeline = GenerationPipeline(Artifact.load(folder / "rain.onnx"))
    return pipeline.generate(GenerationConfig(duration_s=0.4, seed=7))


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (["--fade-in", "0.05"], {"fade_in_s": 0.05}),
        (["--fade-out", "50ms"], {"fade_out_s": 0.05}),
        (["--fade-in", "5ms", "--fade-out", "0.3s"], {"fade_in_s": 0.005, "fade_out_s": 0.3}),
        (["--loop"], {"loop": True}),
        (["--no-loop", "--fade-in", "0"], {}),
    ],
)
def test_an_option_does_what_the_setting_does(
    cli: Any, folder: Path, options: list[str], settings: dict[str, Any]
) -> None:
    assert cli(*BASE, *options).code == 0
    pipeline = GenerationPipeline(Artifact.load(folder / "rain.onnx"))
    expected = pipeline.generate(GenerationConfig(duration_s=0.4, seed=7, **settings))
    assert np.array_equal(soundfile.read("a.wav", dtype="float32")[0], expected.audio[0])


def test_a_loop_goes_into_a_pipe_as_into_a_file(process: Any, cli: Any) -> None:
    common = ("rain.onnx", "-d", "0.4", "-s", "7", "--loop", "--stereo", "mid-side")
    with process(*common, "-o", "-") as running:
        piped, _ = running.communicate(timeout=60)
    assert cli(*common, "-o", "a.wav").code == 0
    assert Path("a.wav").read_bytes() == piped
    assert b"smpl" in piped[:200]


def test_reproducing_a_loop(cli: Any) -> None:
    assert cli("rain.onnx", "-d", 0.4, "-s", 7, "--loop", "-o", "a.flac").code == 0
    assert cli("reproduce", "a.flac").code == 0
    assert Path("a.flac").read_bytes() == Path("a_reproduced.flac").read_bytes()


def test_a_preset_has_them_and_options_go_first(cli: Any) -> None:
    start = ("rain.onnx", "-d", 0.4, "-s", 1, "--slider", "0:1")
    cli(*start, "--loop", "--save-preset", "loop.json", "-o", "a.wav")
    cli(*start, "--fade-in", 0.1, "--save-preset", "fade.json", "-o", "b.wav")

    def made_of(*options: object) -> dict[str, Any]:
        done = cli("rain.onnx", *options, "--json", "-o", "c.wav", "--force")
        recipe: dict[str, Any] = json.loads(done.out)["recipe"]
        return {
            name: recipe[name] for name in ("loop", "fade_in_s", "fade_out_s") if name in recipe
        }

    assert made_of("--preset", "loop.json") == {"loop": True}
    assert made_of("--preset", "loop.json", "--no-loop") == {}
    assert made_of("--preset", "loop.json", "--fade-out", 0.1) == {"fade_out_s": 0.1}
    assert made_of("--preset", "fade.json") == {"fade_in_s": 0.1}
    assert made_of("--preset", "fade.json", "--fade-in", 0) == {}
    assert made_of("--preset", "fade.json", "--loop") == {"loop": True}


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("mp3", "an MP3 is padded at its ends, few players loop it without a gap: take WAV"),
        ("ogg", "an OGG is not exact at its ends, and the loop may tick there: take WAV or FLAC"),
    ],
)
def test_a_lossy_loop_is_doubted(cli: Any, ending: str, expected: str) -> None:
    short = ("rain.onnx", "-d", 0.4, "-s", 7)
    done = cli(*short, "--loop", "-o", f"a.{ending}")
    assert done.code == 0
    assert done.err.startswith(expected)
    assert "take WAV" not in cli(*short, "-o", f"b.{ending}").err
    assert "take WAV" not in cli(*short, "--loop", "-o", "c.flac").err


@pytest.mark.parametrize(
    ("start_dbfs", "end_dbfs", "expected"),
    [
        (-25.9, -26.1, "starts in the middle of a wave (-26 dBFS): --fade-in 0.005"),
        (-40.0, -10.2, "ends in the middle of a wave (-10 dBFS): --fade-out 0.01"),
        (
            -3.0,
            -12.0,
            "starts and ends in the middle of a wave (-3 and -12 dBFS): "
            "--fade-in 0.005 --fade-out 0.01",
        ),
        (-26.0, -200.0, ""),
    ],
)
def test_a_click_is_named_with_its_remedy(
    result: GenerationResult, start_dbfs: float, end_dbfs: float, expected: str
) -> None:
    levels = replace(result.levels, start_dbfs=start_dbfs, end_dbfs=end_dbfs)
    assert describe_ends(replace(result, levels=levels)) == expected


def test_what_is_said_is_of_the_file_and_helps(cli: Any) -> None:
    done = cli(*BASE, "--json")
    sound = soundfile.read("a.wav")[0]
    levels = json.loads(done.out)["levels"]
    for name, sample in (("start_dbfs", sound[0]), ("end_dbfs", sound[-1])):
        assert levels[name] == pytest.approx(20 * np.log10(abs(sample)), abs=0.01)
    (line,) = [line for line in done.err.splitlines() if "in the middle of a wave" in line]
    remedies = line.partition(": ")[2].split()
    assert "middle of a wave" not in cli(*BASE, "--force", *remedies).err
    assert "middle of a wave" not in cli(*BASE, "--force", "--loop").err
