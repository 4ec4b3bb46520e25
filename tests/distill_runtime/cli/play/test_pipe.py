"""The sound to a pipe: the same bytes as in a file, and quiet when nobody listens any more."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_runtime import Artifact, GenerationConfig, GenerationPipeline
from distill_runtime.audio.spatial import StereoSettings

SOUND = ("rain.onnx", "-d", 0.4, "-s", 7)


@pytest.fixture
def piped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the program in this process with bytes for its stdout."""
    from distill_runtime.cli import program as command_line
    from distill_runtime.cli.app import app

    del folder

    def run(*arguments: object) -> tuple[int, bytes]:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "argv", ["distill-run", *map(str, arguments)])
        code = command_line.run(app, "distill-run")
        return code, out.buffer.getvalue()

    return run


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--bit-depth", "16"],
        ["--bit-depth", "32-float", "--sample-rate", "44100"],
        ["--stereo", "dual-seed", "--title", "Süß ☂"],
    ],
)
def test_a_pipe_gets_the_bytes_of_a_file(
    piped: Any, folder: Path, made: Any, options: list[str]
) -> None:
    code, out = piped(*SOUND, "-o", "-", *options)
    assert code == 0
    assert made() == []
    assert piped(*SOUND, "-o", "a.wav", *options) == (0, b"a.wav\n")
    assert out == (folder / "a.wav").read_bytes()


@pytest.mark.parametrize(("raw", "kind"), [("f32", "<f4"), ("s16", "<i2")])
def test_raw_samples(piped: Any, folder: Path, raw: str, kind: str) -> None:
    code, out = piped(*SOUND, "-o", "-", "--raw", raw, "--stereo", "mid-side")
    assert code == 0
    samples = np.frombuffer(out, kind).reshape(-1, 2).T
    config = GenerationConfig(duration_s=0.4, seed=7, stereo=StereoSettings("mid-side"))
    expected = GenerationPipeline(Artifact.load(folder / "rain.onnx")).generate(config).audio
    assert samples.shape == expected.shape == (2, 19_200)
    if raw == "f32":
        assert np.array_equal(samples, expected)
    else:
        assert np.abs(samples - expected * 32768).max() <= 2.0  # rounded and dithered
        assert not np.array_equal(samples, np.round(expected * 32768))


def test_the_report_goes_to_stderr(piped: Any, capfd: pytest.CaptureFixture[str]) -> None:
    code, out = piped(*SOUND, "-o", "-", "--json")
    assert code == 0
    assert soundfile.info(io.BytesIO(out)).frames == 19_200
    report, *words = capfd.readouterr().err.splitlines()
    assert json.loads(report)["path"] is None
    assert json.loads(report)["recipe"]["seed"] == 7
    assert "0.4 s from seed 7" in words[0]


def test_a_real_pipe(process: Any, folder: Path, piped: Any) -> None:
    with process(*SOUND, "-o", "-") as playing:
        out, err = playing.communicate(timeout=60)
    assert playing.returncode == 0
    assert b"seed 7" in err
    piped(*SOUND, "-o", "a.wav")
    assert out == (folder / "a.wav").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX")
@pytest.mark.parametrize("options", [["-d", 30], ["-d", 30, "--raw", "s16"]])
def test_a_reader_who_leaves_hears_no_complaint(
    process: Any, made: Any, options: list[object]
) -> None:
    with process("rain.onnx", "-s", 7, "-o", "-", *options) as playing:
        assert len(playing.stdout.read(100)) == 100
        playing.stdout.close()
        err = playing.stderr.read()
        playing.wait(60)
    assert err == b""
    assert playing.returncode == 1
    assert made() == []


def test_nobody_reads_the_paths_of_a_batch(process: Any, made: Any) -> None:
    """The reader has gone after a line: what is there is whole, and nobody complains."""
    with process("rain.onnx", "-d", 0.5, "-s", 1, "-n", 200) as batch:
        assert batch.stdout.readline() == b"rain_seed1.wav\n"
        batch.stdout.close()
        err = batch.stderr.read()
        batch.wait(60)
    assert err == b""
    assert batch.returncode == 1
    assert 1 <= len(made()) < 200
    for name in made():
        assert soundfile.info(name).frames == 24_000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("options", [["-o", "-"], ["-o", "-", "--raw", "f32"]])
def test_a_full_disk_behind_stdout(process: Any, options: list[str]) -> None:
    with Path("/dev/full").open("wb") as full, process(*SOUND, *options, stdout=full) as playing:
        err = playing.stderr.read().decode()
        playing.wait(60)
    assert playing.returncode == 1
    assert err == "distill-run: stdout cannot be written to: No space left on device\n"


@pytest.mark.skipif(os.name != "posix", reason="a shell closes it")
def test_a_stdout_that_is_closed(folder: Path) -> None:
    command = f'"{sys.executable}" -m distill_runtime rain.onnx -d 0.1 -s 7 -o - >&-'
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        b"distill-run: -o - has no stdout to write to: give it a pipe or a file\n"
    )


def test_a_terminal_is_spared(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    done = cli(*SOUND, "-o", "-")
    assert done.code == 2
    assert "would print samples to the terminal" in done.complaint
