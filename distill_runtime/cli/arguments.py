"""Arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ArtifactArgument = Annotated[
    Path, typer.Argument(metavar="ARTIFACT", help="An .onnx file made by distill-export.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON to stdout instead of text, an object a line.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")]
NoSpaceCheckOption = Annotated[
    bool,
    typer.Option(
        "--no-space-check", help="Begin even if the disk has too little room for all of it."
    ),
]
ProviderOption = Annotated[
    str,
    typer.Option(
        "--provider",
        metavar="auto|cpu|cuda",
        help="What runs the model; auto takes CUDA if it can.",
    ),
]
TrustOption = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Play a graph that distill-export did not write, if you know where it is from.",
    ),
]
ThreadsOption = Annotated[
    int, typer.Option("--threads", metavar="N", help="Threads to use; 0 chooses.")
]
