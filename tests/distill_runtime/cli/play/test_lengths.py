"""How long a sound is: in seconds, as clocks show it, in bars."""

from __future__ import annotations

import json
from typing import Any

import pytest


def dry(cli: Any, *options: object) -> dict[str, Any]:
    done = cli("rain.onnx", "-s", 7, "--dry-run", "--json", *options)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ([], 10),
        (["-d", "1:30"], 90),
        (["-d", "10s"], 10),
        (["-d1m30s"], 90),
        (["--duration=1:02:03.5"], 3723.5),
        (["--bars", "4", "--bpm", "120"], 8),
        (["--bars", "2", "--bpm", "90", "--beats-per-bar", "3"], 4),
        (["--bpm", "128", "--bars", "0.5"], 0.9375),
    ],
)
def test_a_length(cli: Any, options: list[str], seconds: float) -> None:
    assert dry(cli, *options)["duration_s"] == seconds


def test_bars_go_before_the_presets_length(cli: Any) -> None:
    cli("rain.onnx", "-d", 0.1, "-s", 1, "--slider", "0:1", "--save-preset", "p.json")
    assert dry(cli, "--preset", "p.json")["duration_s"] == 0.1
    assert dry(cli, "--preset", "p.json", "--bars", 1, "--bpm", 120)["duration_s"] == 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-d", "1:3O"], "-d is '1:3O', expected seconds, or a length such as 10s, 1:30 or 1m30s"),
        (["--duration", "ten"], "--duration is 'ten', expected seconds, or a length such as"),
        (["-d", "0,5"], "or 1m30s: write 0.5"),
        (["-d", "-1"], "-d is -1, expected a number of seconds above 0"),
        (["-d", "0s"], "-d is 0, expected a number of seconds above 0"),
        (["-d", "nan"], "-d is nan"),
        (["--bars", "4", "--bpm", "120", "-d", "8"], "--bars and -d both say how long the sound"),
        (["--bars", "4"], "--bars needs --bpm, the beats a minute"),
        (["--bpm", "120"], "--bpm needs --bars, how many there are"),
        (["--beats-per-bar", "3"], "--beats-per-bar needs --bpm and --bars"),
        (["--bars", "0", "--bpm", "120"], "--bars is 0, expected a number of bars above 0"),
        (["--bars", "4", "--bpm", "fast"], "--bpm is 'fast', expected a number"),
        (
            ["--bars", "4", "--bpm", "120", "--beats-per-bar", "0"],
            "--beats-per-bar is 0, expected a number of beats above 0",
        ),
        (["--fade-in", "slow"], "--fade-in is 'slow', expected seconds, or a length such as"),
        (["--fade-out", "-1"], "--fade-out is -1.0, expected seconds, 0 or more"),
        (["--fade-in", "6", "--fade-out", "6s"], "the fades take 12 s and the sound has 10"),
        (["--loop", "--fade-in", "1"], "--loop and --fade-in exclude each other"),
        (["--loop", "--fade-out", "1"], "--loop and --fade-out exclude each other"),
    ],
)
def test_what_is_mistyped_is_one_line(
    cli: Any, made: Any, options: list[str], expected: str
) -> None:
    done = cli("rain.onnx", *options)
    assert done.code == 2
    assert expected in done.complaint
    assert made() == []


def test_bench_takes_lengths_too(cli: Any) -> None:
    done = cli("bench", "rain.onnx", "-d", "2s", "--json")
    assert json.loads(done.out)["rendered_s"] == 2
    assert "-d is '2x', expected seconds" in cli("bench", "rain.onnx", "-d", "2x").err
