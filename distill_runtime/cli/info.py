"""`distill-run info`: an artifact in words."""

from __future__ import annotations

from distill_runtime.cli.arguments import ArtifactArgument, JsonOption


def info(artifact: ArtifactArgument, as_json: JsonOption = False) -> None:
    """Describe an artifact: its model, its sliders, what was measured when it was exported.

    Example: `distill-run info ambience.onnx`
    """
    from distill_runtime.artifact.description import describe  # noqa: PLC0415
    from distill_runtime.artifact.file import ArtifactFile  # noqa: PLC0415
    from distill_runtime.contract import ARTIFACT_ENDINGS  # noqa: PLC0415

    file = ArtifactFile.inspect(artifact, formats=ARTIFACT_ENDINGS, trust=True)  # nothing is run
    print(file.metadata.to_json() if as_json else describe(file))
