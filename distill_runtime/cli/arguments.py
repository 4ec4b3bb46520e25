"""Arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distill_runtime.cli.usage import LAST_PANEL


def found(context: typer.Context, named: Path) -> Path:
    """Return the path of the artifact that a name on the command line means.

    Raises:
        ArtifactError: There is none.
    """
    from distill_runtime.artifact.search import find_artifact  # noqa: PLC0415

    return named if context.resilient_parsing else find_artifact(named)


ArtifactArgument = Annotated[
    Path,
    typer.Argument(
        metavar="ARTIFACT",
        help="An .onnx file made by distill-export, or its name: ambience is ambience.onnx here or "
        "in the folders of DISTILL_ARTIFACTS.",
        callback=found,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print JSON to stdout instead of text, an object a line; errors, too.",
        rich_help_panel=LAST_PANEL,
    ),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Overwrite files that exist.", rich_help_panel=LAST_PANEL)
]
NoSpaceCheckOption = Annotated[
    bool,
    typer.Option(
        "--no-space-check",
        help="Begin even if the disk has too little room for all of it.",
        rich_help_panel=LAST_PANEL,
    ),
]
ProviderOption = Annotated[
    str,
    typer.Option(
        "--provider",
        metavar="auto|cpu|cuda",
        help="What runs the model; auto takes CUDA if it can.",
        rich_help_panel=LAST_PANEL,
    ),
]
TrustOption = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Play a graph that distill-export did not write, if you know where it is from.",
        rich_help_panel=LAST_PANEL,
    ),
]
ThreadsOption = Annotated[
    int,
    typer.Option(
        "--threads", metavar="N", help="Threads to use; 0 chooses.", rich_help_panel=LAST_PANEL
    ),
]
