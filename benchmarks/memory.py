"""How much memory a process takes that plays, each measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.subject import Subject

# The command line's own road to a file, then the peak of the process.
_PLAY = """
import sys
from distill_runtime.generation.benchmark import peak_memory_mb
from distill_runtime.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(peak_memory_mb())
"""

# Resident memory after a warm-up and after many more sounds of changing length.
_REPEAT = """
import gc, json, sys
from pathlib import Path
from distill_runtime import Artifact, GenerationConfig, GenerationPipeline, SessionOptions

def resident_mb():
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6

path, count, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
options = SessionOptions(provider="cpu", threads=threads)
pipeline = GenerationPipeline(Artifact.load(path, options=options))
sizes = []
for i in range(count + count // 10):
    if i in (count // 10, count // 10 + count // 2):
        sizes.append(resident_mb())
    config = GenerationConfig(duration_s=0.25 + (i * 7 % 23) / 8, seed=i)
    pipeline.generate(config).audio
gc.collect()
sizes.append(resident_mb())
print(json.dumps(sizes))
"""


def measure_peak(
    subject: Subject, folder: Path, *, durations_s: tuple[float, float]
) -> list[Figure]:
    """Return the peak memory of `distill-run` writing a short file and a long one."""
    output = folder / "memory.wav"
    peaks = []
    for duration_s in durations_s:
        arguments = [str(subject.artifact.path), "-d", str(duration_s), "--seed", "1"]
        peaks.append(_python(_PLAY, *arguments, "-o", str(output), "--force"))
        output.unlink()
    short, long = peaks
    group = "peak memory of distill-run"
    return [
        Figure(group, f"{durations_s[0]:g} s", short, "MB"),
        Figure(group, f"{durations_s[1]:g} s", long, "MB", goal=250),
        Figure(group, "long / short", long / short, "x", goal=1.1),
    ]


def measure_growth(subject: Subject, *, count: int) -> list[Figure]:
    """Return how much a process grows over so many sounds of changing length."""
    artifact = subject.artifact
    arguments = (str(artifact.path), str(count), str(artifact.options.threads))
    warm, half, end = _python(_REPEAT, *arguments)
    group = f"resident memory over {count} sounds"
    return [
        Figure(group, "after the warm-up", warm, "MB"),
        Figure(group, "half-way", half, "MB"),
        Figure(group, "at the end", end, "MB"),
        Figure(group, "growth", (end / warm - 1) * 100, "%", goal=2),
    ]


def _python(code: str, *arguments: str) -> Any:
    """Run a program and return what its last line says, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])
