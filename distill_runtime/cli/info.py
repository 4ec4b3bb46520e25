"""`distill-run info`: an artifact in words."""

from __future__ import annotations

import json

from distill_runtime.cli.arguments import ArtifactArgument, JsonOption
from distill_runtime.cli.console import show, show_json


def info(artifact: ArtifactArgument, as_json: JsonOption = False) -> None:
    """Describe an artifact: its model, its sliders, what was measured when it was exported.

    Example: `distill-run info ambience.onnx`
    """
    from distill_runtime.artifact.description import describe  # noqa: PLC0415
    from distill_runtime.artifact.file import ArtifactFile  # noqa: PLC0415
    from distill_runtime.contract import ARTIFACT_ENDINGS  # noqa: PLC0415

    file = ArtifactFile.inspect(artifact, formats=ARTIFACT_ENDINGS, trust=True)  # nothing is run
    if as_json:
        show_json(json.loads(file.metadata.to_json()))
    else:
        show(describe(file))
