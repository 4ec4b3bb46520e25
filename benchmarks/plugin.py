"""`python -m benchmarks.plugin BUILD ARTIFACT`: how soon the plug-in answers, and at what cost.

BUILD is where `cmake -S tests/hosts/plugin -B BUILD && cmake --build BUILD` built the plug-in and a
CLAP host. An answer is the first sample that differs from the sound that nobody moves, which the
plug-in's Bounce renders.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime

from benchmarks.figures import Figure, table
from distill_runtime.arrays import Float32Array
from distill_runtime.contract import SAMPLE_RATE_HZ

BLOCK = 256
GOAL_MS = 60.0
_PLAYING, _ALWAYS, _BOUNCE = 2, 1, 1  # of Status, Play and Render
_KEPT_SAMPLES = 64  # by which a place in the sound is found again
_REFERENCE_BLOCKS = 2000
_AFTER_BLOCKS = 40


@dataclass(frozen=True)
class Parameter:
    """A parameter of the plug-in, as a host sees it.

    Attributes:
        number: By which a host calls it.
        name: What it shows.
        least: The end of its range.
        most: The other end.
        usual: Where it stands at first.
    """

    number: int
    name: str
    least: float
    most: float
    usual: float


class ClapHost:
    """The CLAP host of the tests, with one artifact.

    Args:
        build: Where it and the plug-in were built.
        artifact: What the plug-in plays.
        folder: For the samples that it writes.
    """

    def __init__(self, build: Path, artifact: Path, folder: Path) -> None:
        library = next((Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so*"))
        named = {"DISTILL_ARTIFACTS": str(artifact), "DISTILL_ONNXRUNTIME": str(library)}
        self._environment = {**os.environ, **named}
        self._command = [str(build / "clap_host"), str(build / "plugin" / "bin" / "Distill.clap")]
        self._folder = folder

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """All of the plug-in's parameters, by name."""
        found = re.findall(r"^parameter (\d+)\|(.*)\|(.*)\|(.*)\|(.*)$", self._said("list"), re.M)
        return {
            name: Parameter(int(number), name, float(least), float(most), float(usual))
            for number, name, least, most, usual in found
        }

    def number(self, name: str) -> int:
        """Return the number of the parameter that is called so."""
        return self.parameters[name].number

    def begins(self, *more: str) -> tuple[str, ...]:
        """Return lines that let the plug-in sound without a key."""
        always = f"set {self.number('Play')} {_ALWAYS}"
        return (always, *more, f"activate {SAMPLE_RATE_HZ} {BLOCK}")

    def plays(self) -> tuple[str, ...]:
        """Return lines after which it sounds, live."""
        return (*self.begins(), f"watch {self.number('Status')} {_PLAYING} 60")

    def run(self, *lines: str) -> dict[int, tuple[float, str]]:
        """Do what lines say; return values that they asked for, with their texts, by parameter."""
        found = re.findall(r"^value (\d+)\|(.*)\|(.*)$", self._said(*lines), re.M)
        return {int(number): (float(value), text) for number, value, text in found}

    def _said(self, *lines: str) -> str:
        done = subprocess.run(
            self._command,
            input="\n".join(lines),
            env=self._environment,
            cwd=self._folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def samples(self, name: str) -> Float32Array:
        """Return samples that were written, `[2, samples]`."""
        return np.fromfile(self._folder / name, np.float32).reshape(2, -1)


def measure_answers(host: ClapHost, moves: int) -> list[Figure]:
    """Move a knob at random moments, once in each of so many sounds."""
    bounce, knob = f"set {host.number('Render')} {_BOUNCE}", host.number("Render") + 1
    host.run(*host.begins(bounce), f"play {_REFERENCE_BLOCKS} {BLOCK} undisturbed")
    undisturbed = host.samples("undisturbed")
    windows = np.lib.stride_tricks.sliding_window_view(undisturbed[0], _KEPT_SAMPLES)
    choices = np.random.default_rng(1)
    answers_ms = []
    for _ in range(moves):
        host.run(
            *host.plays(),
            f"pace {choices.integers(20, 120)} {BLOCK} before",
            f"set {knob} {choices.uniform(2, 4):.3f}",
            f"pace {_AFTER_BLOCKS} {BLOCK} after",
        )
        kept = host.samples("before")[0, -_KEPT_SAMPLES:]
        start = int(np.flatnonzero((windows == kept).all(axis=1))[0]) + _KEPT_SAMPLES
        after = host.samples("after")
        same = undisturbed[:, start : start + after.shape[1]]
        differs = np.flatnonzero((after != same).any(axis=0))
        answers_ms.append(1000 * differs[0] / SAMPLE_RATE_HZ if len(differs) else np.inf)
    group = f"{moves} moves, blocks of {BLOCK}"
    return [
        Figure(group, "to the first changed sample, median", float(np.median(answers_ms)), "ms"),
        Figure(group, "the same, 95 of 100", float(np.percentile(answers_ms, 95)), "ms"),
        Figure(group, "the same, worst", max(answers_ms), "ms", goal=GOAL_MS),
    ]


def measure_load(host: ClapHost, seconds: float) -> list[Figure]:
    """Play without a move."""
    blocks = round(seconds * SAMPLE_RATE_HZ / BLOCK)
    late, load = host.number("Underruns"), host.number("Load")
    found = host.run(*host.plays(), f"pace {blocks} {BLOCK} -", f"get {late}", f"get {load}")
    group = f"{seconds:g} s, blocks of {BLOCK}"
    return [
        Figure(group, "blocks that came too late", found[late][0], "", goal=0.0),
        Figure(group, "load", 100 * found[load][0], "% of a core"),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plugin", description=__doc__)
    parser.add_argument("build", type=Path)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--moves", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        host = ClapHost(arguments.build.resolve(), arguments.artifact.resolve(), Path(folder))
        answers = measure_answers(host, arguments.moves)
        print(table([*answers, *measure_load(host, arguments.seconds)]))


if __name__ == "__main__":
    main()
