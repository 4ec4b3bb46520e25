"""`--dry-run`: it says what would be made, and makes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distill_runtime import GenerationPipeline


@pytest.fixture(autouse=True)
def nothing_is_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("generate", "generate_many"):
        monkeypatch.setattr(GenerationPipeline, name, lambda *_, **__: pytest.fail("rendered"))


def test_one_sound(cli: Any, made: Any) -> None:
    done = cli(
        "rain.onnx", "-d", "1:30", "-s", 7, "--dry-run", "--stereo", "mid-side", "--fade-in", "5ms"
    )
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "would write rain_seed7.wav",
        "90 s of stereo at 48 kHz, fading in over 0.005 s, seed 7",
        "WAV, 24 bits, 25.9 MB",
    ]
    assert made() == []


def test_many_with_all_that_is_beside_them(cli: Any, made: Any) -> None:
    pytest.importorskip("matplotlib")
    done = cli(
        *("rain.onnx", "-d", 2, "-s", 7, "-n", 100, "-o", "hits/", "--loop", "--dry-run"),
        *("--format", "flac", "--sidecar", "--plot", "--sample-rate", 44_100),
        *("--save-preset", "p.json"),
    )
    assert done.out.splitlines() == [
        "would write 100 sounds: hits/rain_seed7.flac to rain_seed106.flac",
        "2 s of mono at 44.1 kHz each, a loop, seeds 7 to 106",
        "FLAC, 24 bits, some 16.4 MB or less",
        "the folder hits would be made",
        "and beside each its recipe and its picture",
        "and the preset p.json",
    ]
    assert made() == []


def test_a_drawn_seed_can_be_had_again(cli: Any) -> None:
    done = cli("rain.onnx", "--dry-run")
    seed = done.out.split("_seed")[1].split(".")[0]
    assert f"seed {seed} (drawn: --seed {seed} gives it again)" in done.out


def test_a_pipe(cli: Any) -> None:
    done = cli("rain.onnx", "-d", 2, "-s", 7, "-o", "-", "--raw", "f32", "--dry-run")
    assert done.out.splitlines()[0] == "would write into the pipe"
    assert done.out.splitlines()[2] == "bare samples (f32), 384 kB"


def test_json(cli: Any, made: Any) -> None:
    done = cli("rain.onnx", "-d", 2, "-s", 7, "-n", 3, "-o", "a/b", "--dry-run", "--json")
    assert json.loads(done.out) == {
        "dry_run": True,
        "path": str(Path("a/b/rain_seed7.wav")),
        "last_path": str(Path("a/b/rain_seed9.wav")),
        "makes_folder": str(Path("a/b")),
        "picture": None,
        "count": 3,
        "seed": 7,
        "duration_s": 2.0,
        "samples": 96_000,
        "channels": 1,
        "sample_rate_hz": 48_000,
        "stereo": {"mode": "mono", "width": 0.7, "depth": 0.3},
        "loop": False,
        "audio_format": {"container": "wav", "bit_depth": 24},
        "about_bytes": 3 * 96_000 * 3,
    }
    assert made() == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-o", "rain.onnx", "--format", "wav"], "rain.onnx exists"),
        (["--slider", "Bass:3"], "there is no slider 'Bass'"),
        (["-d", "9000h"], "are needed, and"),
        (["--play"], "--dry-run makes no sound that --play could play"),
    ],
)
def test_what_would_be_refused_is(cli: Any, made: Any, options: list[str], expected: str) -> None:
    done = cli("rain.onnx", "--dry-run", *options)
    assert done.code in (1, 2)
    assert expected in done.complaint
    assert made() == []
