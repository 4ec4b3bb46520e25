"""`distill-run verify`: is an artifact whole, and does it sound as it did."""

from __future__ import annotations

import typer

from distill_runtime.cli.arguments import ArtifactArgument, JsonOption, TrustOption
from distill_runtime.cli.console import show, show_json
from distill_runtime.files.shown import shown


def verify(
    artifact: ArtifactArgument, as_json: JsonOption = False, trust: TrustOption = False
) -> None:
    """Check that an artifact is whole and sounds as it did when it was exported.

    Example: `distill-run verify ambience.onnx`
    """
    from distill_runtime.artifact.artifact import Artifact  # noqa: PLC0415
    from distill_runtime.artifact.verification import verify as verify_artifact  # noqa: PLC0415

    report = verify_artifact(Artifact.load(artifact, trust=trust))
    if as_json:
        checks = [vars(check) for check in report.checks]
        show_json({"artifact": str(artifact), "passed": report.passed, "checks": checks})
    else:
        for check in report.checks:
            show(f"{'ok    ' if check.passed else 'FAILED'}  {check.name:<10} {check.detail}")
        what = (
            "is whole and sounds as it did when it was exported."
            if report.passed
            else "is not as it was exported: export it again."
        )
        show(f"{shown(artifact)} {what}")
    if not report.passed:
        raise typer.Exit(1)
