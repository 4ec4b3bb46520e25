"""`distill-run info`: an artifact in words."""

from __future__ import annotations

from typing import Annotated

import typer

from distill_runtime.cli.arguments import ArtifactArgument, JsonOption
from distill_runtime.cli.columns import fitted, terminal_columns
from distill_runtime.cli.console import show, show_json
from distill_runtime.errors import RequestError

VectorsOption = Annotated[
    bool,
    typer.Option(
        "--vectors",
        help="With --json: the vectors of sliders and controls and the test sound, too.",
    ),
]


def info(
    artifact: ArtifactArgument, as_json: JsonOption = False, vectors: VectorsOption = False
) -> None:
    """Describe an artifact: its model, its sliders, what was measured when it was exported.

    Example: `distill-run info ambience.onnx`
    """
    from distill_runtime.artifact.description import describe, metadata_document  # noqa: PLC0415
    from distill_runtime.artifact.file import ArtifactFile  # noqa: PLC0415
    from distill_runtime.contract import ARTIFACT_ENDINGS  # noqa: PLC0415

    if vectors and not as_json:
        raise RequestError("--vectors are for --json: give both")
    file = ArtifactFile.inspect(artifact, formats=ARTIFACT_ENDINGS, trust=True)  # nothing is run
    if as_json:
        show_json(metadata_document(file.metadata, vectors=vectors))
    else:
        show(fitted(describe(file), terminal_columns()))
