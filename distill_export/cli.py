"""`distill-export`: turn a model file into one verified artifact."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from distill_export import REQUIREMENTS
from distill_export.graph.refined.passes import DEFAULT_QUALITY, MAX_QUALITY
from distill_runtime.artifact.description import describe_loss
from distill_runtime.cli import program as command_line
from distill_runtime.cli.console import say, show, show_json, show_path
from distill_runtime.cli.usage import OneLineCommand
from distill_runtime.contract import ONNX, Control
from distill_runtime.errors import DependencyError, RequestError
from distill_runtime.files.paths import is_folder
from distill_runtime.files.shown import shown

if TYPE_CHECKING:
    from distill_export.export import ExportReport

app = typer.Typer(add_completion=True, rich_markup_mode="markdown")


def _version(requested: bool) -> None:
    if requested:
        from distill_export import __version__  # noqa: PLC0415

        show(f"distill-export {__version__}")
        raise typer.Exit


@app.command(cls=OneLineCommand, no_args_is_help=True)
def export(
    model: Annotated[
        Path,
        typer.Argument(metavar="MODEL", help="A .distill model, or a .pt training checkpoint."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A file or a folder. Without it MODEL.onnx (.ts, .pt2, .html, MODEL_nn.ts, "
            "MODEL_int8.onnx, MODEL_triton/MODEL) here; of a checkpoint (best.pt), named after its "
            "training's folder.",
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Overwrite files that exist, and write a precision that loses too much, with a "
            "warning inside.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON report to stdout instead of the path.")
    ] = False,
    reconstruction: Annotated[
        str,
        typer.Option(
            "--reconstruction",
            metavar="learned|refined",
            help="How mel frames become sound: learned is what Distill plays, refined is closest "
            "to the magnitudes that the model drew.",
        ),
    ] = "learned",
    quality: Annotated[
        int,
        typer.Option(
            "--quality",
            min=0,
            max=MAX_QUALITY,
            metavar="PASSES",
            help="Passes of refined: more come nearer, and each takes time.",
        ),
    ] = DEFAULT_QUALITY,
    format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="onnx|torchscript|pt2|html|nn|triton",
            help="onnx plays anywhere; torchscript is for programs with libtorch, pt2 for PyTorch; "
            "html is a page that holds the model and plays it in any browser; nn is for nn~ in "
            "Max, Pure Data and SuperCollider; triton is a folder for Triton Inference Server, "
            "in the model repository that -o names.",
        ),
    ] = ONNX,
    precision: Annotated[
        str | None,
        typer.Option(
            "--precision",
            metavar="float32|float16|int8",
            help="Of the weights: float16 is half the size, int8 a quarter and faster on many "
            "CPUs. What it costs in sound is measured and written into the file. Without it "
            "float32, and int8 with --format html.",
        ),
    ] = None,
    every: Annotated[
        bool,
        typer.Option("--all", help="Export in all three precisions, and compare them."),
    ] = False,
    no_controls: Annotated[
        bool,
        typer.Option(
            "--no-controls",
            help="Do not look for controls (Brightness, Loudness), which takes some 20 s; the "
            "sliders keep the training program's labels.",
        ),
    ] = False,
    recordings: Annotated[
        Path | None,
        typer.Option(
            "--recordings",
            metavar="FOLDER",
            help="The recordings that the model was trained on: --nearness then pulls sounds to "
            "where they lie. It needs a model with its encoder; distill-train does it by itself.",
        ),
    ] = None,
    no_expander: Annotated[
        bool,
        typer.Option(
            "--no-expander",
            help="Leave the levels of each band to the decoder: refined otherwise gives seeds the "
            "recordings' contrast, where a model's file or --recordings say what that is.",
        ),
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Export a Distill model to one file that plays anywhere: ONNX, unless --format says else.

    The file is compared with PyTorch before it is written: what does not agree is not written.

    Example: `distill-export ambience.distill`, then `distill-run ambience.onnx`
    """
    say("loading PyTorch")
    try:
        from distill_export.comparison import comparison  # noqa: PLC0415
        from distill_export.export import all_outputs, export_all, export_model  # noqa: PLC0415
        from distill_export.formats.build import PROGRAMS  # noqa: PLC0415
        from distill_export.formats.names import output_path  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise DependencyError.missing(str(error.name), install=REQUIREMENTS) from None

    if every:
        _check_all(precision, format, output)
    path = output or Path()
    if not every:
        path = output_path(model, output, format=format, precision=precision)
    if recordings is not None:  # which take a while to read
        for one in all_outputs(model, path) if every else [path]:
            PROGRAMS[format].check_place(one, overwrite=force)
    how: dict[str, Any] = {
        "overwrite": force,
        "reconstruction": reconstruction,
        "quality": quality,
        "accept_loss": force,
        "controls": not no_controls,
        "expander": not no_expander,
        "progress": say,
        **({} if recordings is None else _known(model, recordings)),
    }
    if every:
        reports = export_all(model, path, **how)
    else:
        reports = [export_model(model, path, format=format, precision=precision, **how)]
    for report in reports:
        _tell(report)
    if every:
        say(comparison(reports))
    for report in reports:
        if as_json:
            show_json(_document(report))
        else:
            show_path(report.path)


def _known(model: Path, recordings: Path) -> dict[str, Any]:
    """Return what the recordings tell of a model, by the names of the export's arguments."""
    from distill_export.training.landmarks import landmarks_of_folder  # noqa: PLC0415

    landmarks, levels = landmarks_of_folder(model, recordings, say=say)
    return {"landmarks": landmarks, "levels": levels}


def _check_all(precision: str | None, format: str, output: Path | None) -> None:
    if precision not in (None, "float32") or format != ONNX:
        raise RequestError(
            "--all makes every precision as ONNX: leave out --precision and --format"
        )
    if output is not None and not is_folder(output):
        raise RequestError(
            f"{shown(output)} is not a folder: with --all, -o says where the files go"
        )


def _tell(report: ExportReport) -> None:
    """Say what was written and what was measured."""
    metadata, parity, loss = report.metadata, report.metadata.parity, report.metadata.precision_loss
    sliders = len(metadata.sliders.sliders) if metadata.sliders else 0
    say(
        f"{shown(report.path)}: {report.size_bytes / 1e6:.1f} MB "
        f"(weights {report.weight_bytes / 1e6:.1f} MB, "
        f"signal processing {report.constant_bytes / 1e6:.2f} MB), "
        f"{metadata.latent_dim} latent dimensions, {sliders} sliders\n"
        f"controls: {_controls(metadata.controls)}\n"
        f"verified: mel frames within {parity.decoder_max_difference:.1g} of PyTorch, "
        f"sound {parity.reconstruction_snr_db:.0f} dB from {report.reference}, "
        f"stream {parity.streaming_snr_db:.0f} dB from one shot, "
        f"batch {parity.batch_snr_db:.0f} dB from single rows"
    )
    if loss is not None:
        say(f"{metadata.precision}: {describe_loss(loss)}")
        if loss.warning:
            say(f"warning: {loss.warning}")


def _controls(controls: Sequence[Control]) -> str:
    """Return names and how well each follows, the worst and the best being 0 and 1."""
    return ", ".join(f"{c.name} {c.correlation:.2f}" for c in controls) or "none"


def _document(report: ExportReport) -> dict[str, Any]:
    return {
        "path": str(report.path),
        "size_bytes": report.size_bytes,
        "weight_bytes": report.weight_bytes,
        "constant_bytes": report.constant_bytes,
        "metadata": json.loads(report.metadata.to_json()),
    }


def main() -> None:
    """Run the command line and exit."""
    sys.exit(command_line.run(app, "distill-export"))


if __name__ == "__main__":
    main()
