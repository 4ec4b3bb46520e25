"""Many sounds at once: one that fails does not lose the others, and Ctrl-C leaves whole files."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_runtime import Artifact, BackendError, GenerationConfig, GenerationPipeline
from distill_runtime.generation.recipe import Recipe

NAMES = [f"rain_seed{seed}.wav" for seed in range(5, 9)]
FOUR = ("rain.onnx", "-d", 0.2, "-s", 5, "-n", 4)


def test_consecutive_seeds_each_as_if_alone(cli: Any, made: Any, folder: Path) -> None:
    done = cli(*FOUR, "--bit-depth", "32-float")
    assert done.code == 0
    assert done.out.splitlines() == NAMES == made()
    ends, count = done.err.splitlines()
    assert ends == "4 start or end in the middle of a wave: --fade-in 0.005 --fade-out 0.01"
    assert count == "4 of 4 sounds written"
    pipeline = GenerationPipeline(Artifact.load(folder / "rain.onnx"))
    for seed, name in enumerate(NAMES, 5):
        alone = pipeline.generate(GenerationConfig(duration_s=0.2, seed=seed))
        assert np.array_equal(soundfile.read(name, dtype="float32")[0], alone.audio[0])


def test_into_a_folder_with_sidecars_as_json(cli: Any, folder: Path) -> None:
    (folder / "öut.dir").mkdir()
    done = cli(*FOUR, "-o", "öut.dir", "--json", "--sidecar", "--format", "flac")
    reports = [json.loads(line) for line in done.out.splitlines()]
    assert [report["seed"] for report in reports] == [5, 6, 7, 8]
    for report in reports:
        path = Path(report["path"])
        assert path.parent == Path("öut.dir")
        assert report["recipe"]["seed"] == report["seed"]
        assert json.loads((folder / f"{path}.json").read_text("utf-8")) == report["recipe"]
        assert soundfile.info(path).frames == 9_600
    assert len(list((folder / "öut.dir").iterdir())) == 8


def test_randomize_draws_anew_for_every_seed(cli: Any) -> None:
    done = cli(*FOUR, "--randomize", "--json")
    drawn = [tuple(json.loads(line)["recipe"]["sliders"]) for line in done.out.splitlines()]
    assert len(set(drawn)) == 4
    alone = json.loads(cli("rain.onnx", "-s", 6, "-d", 0.2, "--randomize", "--json", "--force").out)
    assert tuple(alone["recipe"]["sliders"]) == drawn[1]


def test_a_drawn_seed_begins_the_row(cli: Any) -> None:
    done = cli("rain.onnx", "-d", 0.1, "-n", 3, "--json")
    first, *rest = [json.loads(line)["seed"] for line in done.out.splitlines()]
    assert rest == [first + 1, first + 2]


def test_a_file_that_exists_stays_and_the_others_are_written(
    cli: Any, made: Any, folder: Path
) -> None:
    (folder / NAMES[1]).write_bytes(b"precious")
    done = cli(*FOUR)
    assert done.code == 1
    assert done.out.splitlines() == [NAMES[0], *NAMES[2:]]
    told, *_, count = done.err.splitlines()
    assert told.startswith(f"{NAMES[1]} exists")
    assert count == "3 of 4 sounds written"
    assert made() == NAMES
    assert (folder / NAMES[1]).read_bytes() == b"precious"
    forced = cli(*FOUR, "--force")
    assert (forced.code, forced.out.splitlines()) == (0, NAMES)
    assert (folder / NAMES[1]).read_bytes() != b"precious"


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_there(
    cli: Any, made: Any, folder: Path
) -> None:
    (folder / NAMES[2]).mkdir()
    done = cli(*FOUR)
    assert done.code == 1
    told, *_, count = done.err.splitlines()
    assert told == f"{NAMES[2]} is a folder: give the path of a file"
    assert count == "3 of 4 sounds written"
    assert made() == NAMES
    assert list((folder / NAMES[2]).iterdir()) == []


def test_a_disk_that_is_full_for_one_of_them(
    cli: Any, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distill_runtime.audio_file import writer as audio_file

    write, calls = audio_file.to_bytes, 0

    def full(*arguments: Any) -> bytes:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(28, "No space left on device")
        return write(*arguments)

    monkeypatch.setattr(audio_file, "to_bytes", full)
    done = cli("rain.onnx", "-d", 0.05, "-s", 5, "-n", 4, "--sidecar")
    assert done.code == 1
    assert len(done.out.splitlines()) == 3
    assert "cannot be written: the disk is full" in done.err
    assert done.err.endswith("3 of 4 sounds written\n")
    assert len(made()) == 6  # three sounds and their sidecars, nothing of the fourth


def test_json_names_the_sounds_that_failed(cli: Any, folder: Path) -> None:
    (folder / NAMES[1]).write_bytes(b"precious")
    done = cli(*FOUR, "--json")
    assert done.code == 1
    reports = [json.loads(line) for line in done.out.splitlines()]
    (failed,) = [report for report in reports if "error" in report]
    assert failed["path"] == NAMES[1]
    assert failed["error"].startswith(f"{NAMES[1]} exists")
    assert "--force" in failed["error"]
    assert sorted(report["path"] for report in reports) == NAMES


def test_nothing_written_is_a_failure(cli: Any, folder: Path) -> None:
    for name in NAMES:
        (folder / name).write_bytes(b"precious")
    done = cli(*FOUR)
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("0 of 4 sounds written\n")


def test_a_model_that_fails_is_told_in_one_line(
    cli: Any, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise BackendError("onnxruntime failed (out of memory)")

    monkeypatch.setattr(Artifact, "step", failing)
    done = cli(*FOUR)
    assert done.code == 1
    assert done.complaint == "onnxruntime failed (out of memory)"
    assert made() == []


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("hits.wav", "hits.wav is the name of one sound: with -n, give a folder for them"),
        ("rain.onnx", "rain.onnx is a file: with -n, give a folder for the sounds"),
    ],
)
def test_several_sounds_need_a_folder(cli: Any, made: Any, output: str, expected: str) -> None:
    done = cli(*FOUR, "-o", output, "--slider", "0:1", "--save-preset", "p.json")
    assert done.code == 2
    assert done.complaint == expected
    assert made() == []


def test_a_plot_for_each(cli: Any, made: Any) -> None:
    pytest.importorskip("matplotlib")
    assert cli("rain.onnx", "-d", 0.1, "-s", 5, "-n", 2, "--plot").code == 0
    assert made() == ["rain_seed5.png", "rain_seed5.wav", "rain_seed6.png", "rain_seed6.wav"]


def test_ctrl_c_says_which_files_are_whole(
    cli: Any, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distill_runtime.audio_file import writer as audio_file

    write, calls = audio_file.to_bytes, 0

    def interrupted(*arguments: Any) -> bytes:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return write(*arguments)

    monkeypatch.setattr(audio_file, "to_bytes", interrupted)
    done = cli("rain.onnx", "-d", 0.05, "-s", 5, "-n", 8, "--sidecar")
    assert done.code == 130
    assert done.out.splitlines() == ["rain_seed5.wav", "rain_seed6.wav"]
    assert done.err.splitlines() == [
        "2 of 8 sounds are whole, the last is rain_seed6.wav",
        "distill-run: interrupted",
    ]
    assert made() == [f"rain_seed{seed}.wav{end}" for seed in (5, 6) for end in ("", ".json")]


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_interrupted_at_any_moment_every_file_is_whole(
    process: Any, made: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    (temporary := folder.parent / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")  # which leaves a file of onnxruntime's there
    chance = random.Random(kind)
    after, pause = chance.randint(1, 20), chance.uniform(0.0, 0.05)
    print(f"interrupted {pause:.3f} s after file {after}")
    arguments = ("-d", 1, "-s", 5, "-n", 400, "--sidecar", "--format", kind)
    with process("rain.onnx", *arguments) as batch:
        for _ in range(after):
            assert batch.stdout.readline()
        time.sleep(pause)
        batch.send_signal(signal.SIGINT)
        out, err = batch.communicate(timeout=60)
    assert batch.returncode == 130
    sounds = [name for name in made() if name.endswith(f".{kind}")]
    assert after <= len(sounds) < 400
    assert set(made()) == {*sounds, *(f"{name}.json" for name in sounds)}  # nothing else is there
    assert list(temporary.iterdir()) == []
    written = sorted(sounds, key=lambda name: Recipe.load(name).config.seed or 0)
    assert err.decode().splitlines() == [
        f"{len(sounds)} of 400 sounds are whole, the last is {written[-1]}",
        "distill-run: interrupted",
    ]
    assert len(out.splitlines()) + after in (len(sounds), len(sounds) - 1)
    pipeline = GenerationPipeline(Artifact.load(folder / "rain.onnx"))
    for name in (written[0], written[-1]):
        again = folder.parent / name
        pipeline.generate(Recipe.load(name).config).save(again)
        assert again.read_bytes() == (folder / name).read_bytes()
    for name in sounds:
        assert soundfile.info(name).frames == 48_000
