"""`distill-run bench`: how fast an artifact plays here."""

from __future__ import annotations

from typing import Annotated

import typer

from distill_runtime.cli.arguments import (
    ArtifactArgument,
    JsonOption,
    ProviderOption,
    ThreadsOption,
    TrustOption,
)
from distill_runtime.cli.console import show, show_json
from distill_runtime.cli.length import parse_length


def bench(
    artifact: ArtifactArgument,
    duration: Annotated[
        str,
        typer.Option("--duration", "-d", metavar="TIME", help="Length of the sound to render."),
    ] = "30",
    provider: ProviderOption = "auto",
    threads: ThreadsOption = 0,
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure how fast an artifact plays on this machine.

    Example: `distill-run bench ambience.onnx --threads 1`
    """
    from distill_runtime.artifact.artifact import Artifact  # noqa: PLC0415
    from distill_runtime.artifact.session import SessionOptions  # noqa: PLC0415
    from distill_runtime.generation.benchmark import measure  # noqa: PLC0415

    options = SessionOptions(provider=provider, threads=threads)
    loaded = Artifact.load(artifact, options=options, trust=trust)
    report = measure(loaded, duration_s=parse_length(duration, setting="duration_s"))
    if as_json:
        figures = {**vars(report), "real_time_factor": report.real_time_factor}
        show_json({"artifact": str(artifact), **figures})
    else:
        show(report.describe())
