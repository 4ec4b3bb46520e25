"""`python -m benchmarks.cuda ARTIFACT...`: a GPU beside this machine's CPU, as in `make cuda`."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure, milliseconds, ratio, table
from benchmarks.machine import processor
from benchmarks.timing import interleave
from distill_runtime import GenerationConfig, GenerationPipeline
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.call_size import split_steps
from distill_runtime.artifact.session import SessionOptions
from distill_runtime.audio.snr import snr_db

_STEP_S = 24_064 / 48_000


def measure(path: Path, *, rounds: int) -> Iterator[list[Figure]]:
    """Yield the figures of one artifact."""
    started = time.perf_counter()
    cuda = Artifact.load(path, options=SessionOptions(provider="cuda"))
    loaded_s = time.perf_counter() - started
    cpu = Artifact.load(path, options=SessionOptions(provider="cpu"))
    latents = _latents(cpu, rows=1, steps=24)
    started = time.perf_counter()
    sound = cuda.render(latents)
    first_s = time.perf_counter() - started
    group = f"{path.stem}: first"
    yield [
        Figure(group, "loading", loaded_s * 1e3, "ms"),
        Figure(group, "first sound, of 12 s", first_s * 1e3, "ms"),
    ]
    pieces = np.concatenate(list(cuda.stream(split_steps(latents, 1))), axis=1)
    group = f"{path.stem}: the sound"
    yield [
        Figure(group, "against the CPU's", snr_db(cpu.render(latents), sound), "dB"),
        Figure(
            group,
            "in steps",
            snr_db(sound, pieces[:, cuda.latency_samples :]),
            "dB",
            None,
            120,
            True,
        ),
    ]
    yield list(_calls(path.stem, cpu, cuda, rounds))
    yield list(_sounds(path.stem, cpu, cuda, rounds))


def _calls(name: str, cpu: Artifact, cuda: Artifact, rounds: int) -> Iterator[Figure]:
    for rows, steps in ((1, 1), (1, 12), (8, 4), (64, 4)):
        group = f"{name}: one call, {rows} rows of {steps} steps"
        latents = _latents(cpu, rows=rows, steps=steps)
        timings = interleave(
            {
                "CPU": lambda z=latents: cpu.step(z, cpu.initial_state(len(z))),
                "CUDA": lambda z=latents: cuda.step(z, cuda.initial_state(len(z))),
            },
            rounds=rounds,
            settle=True,
        )
        for device, timing in timings.items():
            yield milliseconds(group, device, timing)
        speed = rows * steps * _STEP_S / timings["CUDA"].median_s
        yield Figure(group, "CUDA, times real time", speed, "x")


def _sounds(name: str, cpu: Artifact, cuda: Artifact, rounds: int) -> Iterator[Figure]:
    pipelines = {"CPU": GenerationPipeline(cpu), "CUDA": GenerationPipeline(cuda)}
    one = GenerationConfig(duration_s=60.0, seed=1)
    many = [GenerationConfig(duration_s=2.0, seed=seed) for seed in range(128)]
    for what, requests in (("60 s, finished", [one]), ("128 sounds of 2 s", many)):
        group = f"{name}: {what}"
        timings = interleave(
            {
                device: lambda p=pipeline, r=requests: list(p.generate_many(r))
                for device, pipeline in pipelines.items()
            },
            rounds=rounds,
        )
        for device, timing in timings.items():
            yield milliseconds(group, device, timing)
        yield ratio(group, "CPU / CUDA", timings["CPU"], timings["CUDA"])


def _latents(artifact: Artifact, *, rows: int, steps: int) -> np.ndarray:
    shape = (rows, steps, artifact.latent_dim)
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def _gpu() -> str:
    if shutil.which("nvidia-smi") is None:
        return "a GPU that nvidia-smi does not name"
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    return subprocess.run(query, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cuda", description=__doc__)
    parser.add_argument("artifacts", type=Path, nargs="+", metavar="ARTIFACT")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{_gpu()}; {processor()}")
    for path in options.artifacts:
        for figures in measure(path, rounds=options.rounds):
            print(table(figures), flush=True)


if __name__ == "__main__":
    main()
