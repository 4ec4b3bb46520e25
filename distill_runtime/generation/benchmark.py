"""How fast an artifact plays on this machine."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.session import onnxruntime_version
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.pipeline import GenerationPipeline


@dataclass(frozen=True)
class BenchmarkReport:
    """What was measured; times are medians.

    Attributes:
        provider: What really ran the graph.
        threads: How many threads shared an operator's work.
        onnxruntime: Its version.
        load_s: From the file to an artifact that is ready to play.
        first_block_s: From a latent vector to the first block of a stream.
        block_s: How long that block sounds.
        render_s: To a finished sound of `rendered_s`, anti-aliased and normalised.
        rendered_s: How long that sound is.
        peak_memory_mb: Of the whole process, None where the system does not tell.
    """

    provider: str
    threads: int
    onnxruntime: str
    load_s: float
    first_block_s: float
    block_s: float
    render_s: float
    rendered_s: float
    peak_memory_mb: float | None

    @property
    def real_time_factor(self) -> float:
        """Seconds of sound rendered in a second."""
        return self.rendered_s / self.render_s

    def describe(self) -> str:
        """Return the figures as a few lines of plain text."""
        lines = [
            f"rendering     {self.real_time_factor:.0f} x real time "
            f"({self.rendered_s:g} s of sound in {self.render_s:.2f} s)",
            f"first block   {self.first_block_s * 1000:.1f} ms for {self.block_s:.2f} s of sound",
            f"loading       {self.load_s * 1000:.0f} ms",
            f"running on    {self.provider}, {self.threads} threads, "
            f"onnxruntime {self.onnxruntime}",
        ]
        if self.peak_memory_mb is not None:
            lines.append(f"peak memory   {self.peak_memory_mb:.0f} MB")
        return "\n".join(lines)


def measure(artifact: Artifact, *, duration_s: float = 30.0, repeats: int = 5) -> BenchmarkReport:
    """Measure an artifact.

    Args:
        artifact: What to play.
        duration_s: Length of the sound to render.
        repeats: How often; the median counts.

    Raises:
        RequestError: It is not a duration.
        BackendError: onnxruntime failed.
    """
    config = GenerationConfig(duration_s=duration_s, seed=0)
    pipeline = GenerationPipeline(artifact)
    loads, first_blocks, renders = [], [], []
    for _ in range(repeats):
        loads.append(_timed(lambda: _load_again(artifact)))
        first_blocks.append(_timed(lambda: next(pipeline.stream(config))))
        renders.append(_timed(lambda: pipeline.generate(config)))
    return BenchmarkReport(
        provider=artifact.provider,
        threads=artifact.options.resolved_threads,
        onnxruntime=onnxruntime_version(),
        load_s=statistics.median(loads),
        first_block_s=statistics.median(first_blocks),
        block_s=artifact.metadata.audio.step_samples / artifact.sample_rate_hz,
        render_s=statistics.median(renders),
        rendered_s=duration_s,
        peak_memory_mb=peak_memory_mb(),
    )


def _load_again(artifact: Artifact) -> Artifact:
    return Artifact.load(
        artifact.file.source, options=artifact.options, trust=not artifact.is_known
    )


def peak_memory_mb() -> float | None:
    """Return the largest resident memory this process has had, None where that is not known."""
    status = Path("/proc/self/status")
    if status.is_file():  # Linux, where getrusage counts what forked this process, too
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    try:
        import resource  # noqa: PLC0415  (not on Windows)
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6  # bytes there, kibibytes here


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
