"""`python -m benchmarks` measures everything; see docs/performance.md for what came out."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import onnxruntime
import torch

from benchmarks import end_to_end, memory, precisions, stages
from benchmarks.figures import Figure, save, table
from benchmarks.machine import kernels, processor
from benchmarks.original import Original
from benchmarks.subject import Subject
from distill_runtime.artifact.artifact import Artifact

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int
    steps: tuple[int, ...]
    sound_s: float
    original_s: tuple[float, ...]
    lengths_s: tuple[float, ...]
    memory_s: tuple[float, float]
    sounds: int
    generations: int


FULL = Plan(
    7, (1, 12, 32), 60.0, (2.0, 10.0, 60.0), (10.0, 60.0, 600.0, 3600.0), (60.0, 3600.0), 64, 1000
)
QUICK = Plan(2, (1, 12), 4.0, (2.0,), (1.0, 4.0), (1.0, 4.0), 4, 20)


def measure(subject: Subject, int8: Artifact, folder: Path, plan: Plan) -> Iterator[list[Figure]]:
    """Yield the figures, group by group as they are ready."""
    graph = stages.Stages(subject, options=subject.artifact.options)
    yield stages.measure_decoder(graph, steps=plan.steps, rounds=plan.rounds)
    yield stages.measure_limits(graph, steps=plan.steps[:2], rounds=plan.rounds)
    yield stages.measure_stages(graph, steps=8, rounds=plan.rounds)
    yield precisions.measure_precisions(subject, steps=plan.steps, rounds=plan.rounds)
    yield end_to_end.measure_against_original(
        subject, int8, durations_s=plan.original_s, rounds=plan.rounds
    )
    yield end_to_end.measure_rendering(subject, duration_s=plan.sound_s, rounds=2 * plan.rounds)
    yield end_to_end.measure_first_block(subject, rounds=3 * plan.rounds)
    yield end_to_end.measure_cold_start(subject, folder, rounds=plan.rounds)
    yield end_to_end.measure_many(subject, count=plan.sounds, rounds=plan.rounds)
    yield end_to_end.measure_lengths(subject, durations_s=plan.lengths_s, rounds=plan.rounds)
    yield memory.measure_peak(subject, folder, durations_s=plan.memory_s)
    yield memory.measure_growth(subject, count=plan.generations)


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--model", type=Path, default=_ROOT / "artifacts" / "ambience.distill")
    parser.add_argument("--quick", action="store_true", help="a minute or two instead of ten")
    parser.add_argument("--threads", type=int, default=min(4, len(os.sched_getaffinity(0))))
    options = parser.parse_args()
    machine: dict[str, object] = {
        "processor": processor(),
        "kernels": kernels(),
        "cores": len(os.sched_getaffinity(0)),
        "threads": options.threads,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
    }
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject.from_model(options.model, Path(folder), threads=options.threads)
        original = Original(subject.loaded)
        machine["torch threads"] = original.use_fastest_threads(subject.latents(8), options.threads)
        int8 = subject.as_int8(options.model, Path(folder))
        print(machine["processor"], *(f"{k}: {how}" for k, how in kernels().items()), sep="; ")
        print("PyTorch's threads, the faster choice:", machine["torch threads"])
        for group in measure(subject, int8, Path(folder), QUICK if options.quick else FULL):
            figures += group
            print(table(group), flush=True)
    results = _ROOT / "benchmarks" / "results" / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    save(figures, results, machine)
    missed = [f"{figure.group}, {figure.name}" for figure in figures if figure.met is False]
    print(f"\n{results.relative_to(_ROOT)}; goals missed: {'; '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
