"""`python -m benchmarks.formats`: the formats of one model, side by side: speed and size."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.figures import Figure, milliseconds, ratio, table
from benchmarks.timing import interleave
from distill_export.export import export_model
from distill_export.formats.torch_artifact import TorchArtifact
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.session import SessionOptions
from distill_runtime.contract import (
    ARTIFACT_ENDINGS,
    HOP_FRAMES,
    HOP_LENGTH,
    ONNX,
    PT2,
    SAMPLE_RATE_HZ,
    TORCHSCRIPT,
)

_ROOT = Path(__file__).parents[1]
_STEPS_PER_SECOND = SAMPLE_RATE_HZ / (HOP_FRAMES * HOP_LENGTH)


def measure_formats(
    model: Path, folder: Path, *, reconstruction: str, seconds: float, threads: int, rounds: int
) -> list[Figure]:
    """Time a sound, and a single step of a stream, in each format; a folder takes the files."""
    torch.set_num_threads(threads)
    options = SessionOptions(provider="cpu", threads=threads)
    artifacts: dict[str, Artifact | TorchArtifact] = {}
    sizes = []
    for format in (ONNX, TORCHSCRIPT, PT2):
        path = folder / f"{reconstruction}{ARTIFACT_ENDINGS[format]}"
        report = export_model(
            model, path, reconstruction=reconstruction, format=format, controls=False
        )
        sizes.append(Figure(f"{reconstruction}, file", format, report.size_bytes / 1e6, "MB"))
        artifacts[format] = (
            Artifact.load(path, options=options) if format == ONNX else TorchArtifact.load(path)
        )
    dim = artifacts[ONNX].metadata.latent_dim
    shape = (1, round(seconds * _STEPS_PER_SECOND), dim)
    latents = np.random.default_rng(0).standard_normal(shape, np.float32)

    def render(artifact: Artifact | TorchArtifact) -> Callable[[], object]:
        return lambda: artifact.render(latents)

    def step(artifact: Artifact | TorchArtifact) -> Callable[[], object]:
        return lambda: artifact.step(latents[:, :1], artifact.initial_state())

    figures = sizes
    for what, action in ((f"{seconds:g} s", render), ("one step", step)):
        actions = {format: action(artifact) for format, artifact in artifacts.items()}
        times = interleave(actions, rounds=rounds)
        group = f"{reconstruction}, {what}"
        figures += [milliseconds(group, format, timing) for format, timing in times.items()]
        figures += [
            ratio(group, f"{format} / onnx", timing, times[ONNX])
            for format, timing in times.items()
            if format != ONNX
        ]
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.formats", description=__doc__)
    parser.add_argument("--model", type=Path, default=_ROOT / "artifacts" / "ambience.distill")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    for reconstruction in ("learned", "refined"):
        with tempfile.TemporaryDirectory() as folder:
            figures = measure_formats(
                arguments.model,
                Path(folder),
                reconstruction=reconstruction,
                seconds=arguments.seconds,
                threads=arguments.threads,
                rounds=arguments.rounds,
            )
        print(table(figures))


if __name__ == "__main__":
    main()
