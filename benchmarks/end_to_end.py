"""From latent vectors to finished sound: against the original, in pieces, in piles, from cold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure, milliseconds, ratio
from benchmarks.original import Original
from benchmarks.subject import Subject
from benchmarks.timing import interleave
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.pipeline import GenerationPipeline
from distill_runtime.latents.trajectory import crossfade

# How many times faster than the original, by the length of the sound; of int8 on a CPU with VNNI.
_GOALS = {"float32": {60.0: 4.2, 10.0: 4.0, 2.0: 3.8}, "int8": {60.0: 9.0, 10.0: 8.0, 2.0: 6.0}}


def measure_rendering(subject: Subject, *, duration_s: float, rounds: int) -> list[Figure]:
    """Return how long a sound takes: the original's, the graph's, the finished one."""
    group = f"{duration_s:g} s, mono"
    original, artifact = Original(subject.loaded), subject.artifact
    pipeline, config = GenerationPipeline(artifact), GenerationConfig(duration_s=duration_s, seed=1)
    latents = crossfade(seed=1, duration_s=duration_s, latent_dim=artifact.latent_dim)[None]
    timings = interleave(
        {
            "original's sound": lambda: original.render(latents),
            "artifact, many steps in a call": lambda: artifact.render(latents),
            "artifact, step by step": lambda: list(pipeline.stream(config)),
            "original, filtered and normalised": lambda: original.generate(
                duration_s=duration_s, seed=1
            ),
            "artifact, filtered and normalised": lambda: pipeline.generate(config),
        },
        rounds=rounds,
        settle=True,
    )
    theirs, ours = (timings[f"{who}, filtered and normalised"] for who in ("original", "artifact"))
    graph = timings["artifact, many steps in a call"]
    return [
        *(milliseconds(group, name, timing) for name, timing in timings.items()),
        ratio(group, "original / artifact, sound", timings["original's sound"], graph),
        ratio(group, "original / artifact, finished", theirs, ours, goal=4, at_least=True),
        Figure(group, "real time", duration_s / ours.median_s, "x", duration_s / ours.minimum_s),
    ]


def measure_against_original(
    subject: Subject, int8: Artifact, *, durations_s: tuple[float, ...], rounds: int
) -> list[Figure]:
    """Return how many times faster finished sounds are than the original's, in both precisions."""
    original, figures = Original(subject.loaded), []
    pipelines = {"float32": GenerationPipeline(subject.artifact), "int8": GenerationPipeline(int8)}
    for duration_s in durations_s:
        config = GenerationConfig(duration_s=duration_s, seed=1)
        actions: dict[str, Callable[[], object]] = {
            "original": lambda d=duration_s: original.generate(d, seed=1),
            **{
                precision: lambda p=pipeline, c=config: p.generate(c)
                for precision, pipeline in pipelines.items()
            },
        }
        timings = interleave(actions, rounds=rounds, settle=True)
        group = f"against the original, {duration_s:g} s"
        figures += [milliseconds(group, name, timing) for name, timing in timings.items()]
        figures += [
            ratio(
                group,
                f"original / {precision}",
                timings["original"],
                timings[precision],
                goal=_GOALS[precision].get(duration_s),
                at_least=True,
            )
            for precision in pipelines
        ]
    return figures


def measure_first_block(subject: Subject, *, rounds: int) -> list[Figure]:
    """Return how long a stream takes to its first block."""
    pipeline = GenerationPipeline(subject.artifact)
    config = GenerationConfig(duration_s=10.0, seed=1)
    timing = interleave({"": lambda: next(pipeline.stream(config))}, rounds=rounds)[""]
    audio = subject.artifact.metadata.audio
    block_s = audio.step_samples / audio.sample_rate_hz
    part, best = timing.median_s / block_s, timing.minimum_s / block_s
    return [
        milliseconds("stream", "first block", timing),
        Figure("stream", "first block / its duration", part, "x", best, goal=1 / 15),
    ]


def measure_many(subject: Subject, *, count: int, rounds: int) -> list[Figure]:
    """Return what it gains to ask for many short sounds at once."""
    pipeline = GenerationPipeline(subject.artifact)
    configs = [GenerationConfig(duration_s=2.0, seed=seed) for seed in range(count)]
    group = f"{count} sounds of 2 s"
    timings = interleave(
        {
            "one after the other": lambda: [pipeline.generate(config) for config in configs],
            "all at once": lambda: list(pipeline.generate_many(configs)),
        },
        rounds=rounds,
    )
    one, all_at_once = timings.values()
    return [
        *(milliseconds(group, name, timing) for name, timing in timings.items()),
        ratio(
            group, "one after the other / all at once", one, all_at_once, goal=1.8, at_least=True
        ),
    ]


def measure_lengths(
    subject: Subject, *, durations_s: tuple[float, ...], rounds: int
) -> list[Figure]:
    """Return the time that a second of sound takes, in short sounds and long ones.

    A long sound takes so long that the machine changes meanwhile: short ones before and after it
    are what it is compared with.
    """
    group = "time for a second of sound"
    pipeline = GenerationPipeline(subject.artifact)

    def generate(duration_s: float) -> Callable[[], object]:
        return lambda: pipeline.generate(GenerationConfig(duration_s=duration_s, seed=1))

    short, *longer = durations_s
    figures = []
    for duration_s in longer:
        repeats = max(1, round(60 / short))  # as much work before as one minute is
        actions = {
            "before": lambda n=repeats: [generate(short)() for _ in range(n)],
            "long": generate(duration_s),
            "after": lambda n=repeats: [generate(short)() for _ in range(n)],
        }
        if duration_s > 600:
            times = interleave(actions, rounds=1, warm_up=False)
        else:
            times = interleave(actions, rounds=rounds if duration_s <= 60 else min(rounds, 3))
        before = (times["before"].median_s + times["after"].median_s) / 2 / (repeats * short)
        best = min(times["before"].minimum_s, times["after"].minimum_s) / (repeats * short)
        long, long_best = (
            t / duration_s for t in (times["long"].median_s, times["long"].minimum_s)
        )
        name = f"{duration_s:g} s / {short:g} s"
        figures += [
            Figure(group, f"{short:g} s", before * 1e3, "ms", best * 1e3),
            Figure(group, f"{duration_s:g} s", long * 1e3, "ms", long_best * 1e3),
            Figure(group, name, long / before, "x", long_best / best, goal=1.1),
        ]
    return figures


def measure_cold_start(subject: Subject, folder: Path, *, rounds: int) -> list[Figure]:
    """Return how long whole processes take."""
    output = folder / "cold.wav"
    run = [sys.executable, "-m", "distill_runtime"]
    play = [
        *run,
        str(subject.artifact.path),
        "-d",
        "1",
        "--seed",
        "1",
        "-o",
        str(output),
        "--force",
    ]
    timings = interleave(
        {
            "distill-run to a finished file of 1 s": lambda: _run(play),
            "distill-run --help": lambda: _run([*run, "--help"]),
            "import torch": lambda: _run([sys.executable, "-c", "import torch"]),
        },
        rounds=rounds,
    )
    play_timing, _, torch_timing = timings.values()
    return [
        *(milliseconds("cold start", name, timing) for name, timing in timings.items()),
        ratio("cold start", "distill-run / import torch", play_timing, torch_timing, goal=0.5),
    ]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
