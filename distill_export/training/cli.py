"""`distill-train`: turn a folder of recordings into a model file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from distill_export import REQUIREMENTS
from distill_runtime.cli import program as command_line
from distill_runtime.cli.console import say, show, show_json, show_path
from distill_runtime.cli.usage import OneLineCommand
from distill_runtime.errors import DependencyError, RequestError
from distill_runtime.files.output_file import check_output
from distill_runtime.files.shown import shown

if TYPE_CHECKING:
    from distill_export.training.request import TrainingResult

app = typer.Typer(add_completion=True, rich_markup_mode="markdown")


def _version(requested: bool) -> None:
    if requested:
        from distill_export import __version__  # noqa: PLC0415

        show(f"distill-train {__version__}")
        raise typer.Exit


@app.command(cls=OneLineCommand, no_args_is_help=True)
def train(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Recordings: WAV, FLAC, OGG, MP3, any rate.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Default: FOLDER.distill in this folder."
        ),
    ] = None,
    preset: Annotated[
        str,
        typer.Option(metavar="NAME", help="auto (by the number of chunks), small, medium, large."),
    ] = "auto",
    latent_dim: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Values of a latent vector; by the number of chunks if not given."
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Channels of the first layer: 64 if not given; 32 is four times faster to train, "
            "but Distill itself opens no other model than one of 64.",
        ),
    ] = None,
    statistics: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="decoder (suits what the decoder can answer) if not given, or zscore (Distill's).",
        ),
    ] = None,
    max_epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", help="Epochs at most; by the preset.")
    ] = None,
    patience_epochs: Annotated[
        int | None,
        typer.Option(
            "--patience", metavar="N", help="Stop after so many epochs that brought nothing."
        ),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(metavar="N", help="Chunks in a step; by the preset.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(metavar="RATE", help="At the start; by the preset.")
    ] = None,
    val_fraction: Annotated[
        float | None,
        typer.Option(
            "--validation", metavar="SHARE", help="Of the chunks, held out: 0.15 if not given."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="SEED", help="Of all that is random: 0 if not given.")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(metavar="DEVICE", help="cpu or cuda; CUDA where there is one if not given."),
    ] = None,
    checkpoint_interval: Annotated[
        int | None, typer.Option("--checkpoint-every", metavar="EPOCHS", help="5 if not given.")
    ] = None,
    preview_interval: Annotated[
        int | None,
        typer.Option(
            "--preview-every", metavar="EPOCHS", help="Write a sound of the model: 10 if not given."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the latest checkpoint.")
    ] = False,
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Of the model; the file's if not given.")
    ] = None,
    description: Annotated[
        str, typer.Option(metavar="TEXT", help="A sentence about the model.")
    ] = "",
    tag: Annotated[
        list[str] | None, typer.Option(metavar="WORD", help="To find it by; may be repeated.")
    ] = None,
    nearness: Annotated[
        float | None,
        typer.Option(
            metavar="0..1",
            help="How near the recordings its sounds stay where nobody asks: 0.5 if not given; 0 "
            "is as Distill plays them.",
        ),
    ] = None,
    analyse: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL",
            help="Train nothing: give this model its sliders anew, and where its recordings lie.",
        ),
    ] = None,
    report: Annotated[
        bool,
        typer.Option("--report", help="Write <model>.html: what it learnt, and sounds to hear."),
    ] = False,
    export: Annotated[
        bool, typer.Option("--export", help="Go on to <model>.onnx, verified.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Overwrite what exists, and begin anew instead of resuming."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON report to stdout instead of the paths.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Train a model on a folder of recordings.

    Checkpoints, spectrograms and previews lie in a folder beside the model. Ctrl-C stops after the
    step, and so do SIGTERM and SIGHUP; `--resume` goes on as if nothing had been.

    Example: `distill-train field-recordings/ -o field.distill --export`
    """
    given = {
        "latent_dim": latent_dim,
        "width": width,
        "statistics": statistics,
        "max_epochs": max_epochs,
        "patience_epochs": patience_epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "val_fraction": val_fraction,
        "seed": seed,
        "device": device,
        "checkpoint_interval": checkpoint_interval,
        "preview_interval": preview_interval,
    }
    settings = {name: value for name, value in given.items() if value is not None}
    if analyse and (resume or report or settings or preset != "auto" or nearness is not None):
        raise RequestError("--analyse trains nothing: leave out the options of a training")
    say("loading PyTorch")
    try:
        from distill_export.training import pipeline  # noqa: PLC0415
        from distill_export.training.request import DEFAULT_NEARNESS, TrainingRequest  # noqa: PLC0415
        from distill_export.training.sliders.renewal import renew_sliders  # noqa: PLC0415
        from distill_export.training.workspace import model_name  # noqa: PLC0415

        if export:
            from distill_export.export import export_model  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise DependencyError.missing(str(error.name), install=REQUIREMENTS) from None

    model = output or analyse or Path(model_name(folder))
    artifact = model.with_suffix(".onnx") if export else None
    page = model.with_suffix(".html") if report else None
    if artifact:
        check_output(artifact, overwrite=force)

    document: dict[str, Any] = {"path": str(model)}
    if analyse:
        analysis = renew_sliders(folder, analyse, model, overwrite=force, say=say)
        document["sliders"] = list(analysis.suggested_labels)
    else:
        request = TrainingRequest(
            folder=folder,
            output=model,
            preset=preset,
            settings=settings,
            name=name,
            description=description,
            tags=tuple(tag or ()),
            nearness=DEFAULT_NEARNESS if nearness is None else nearness,
            resume=resume,
            report=page,
            overwrite=force,
        )
        document |= _facts(pipeline.train(request, say=say))
    if page:
        document["report"] = str(page)
    if artifact:
        export_model(model, artifact, overwrite=force, progress=say)
        document["artifact"] = str(artifact)
    if as_json:
        show_json(document)
    else:
        for key in ("path", "report", "artifact"):
            if key in document:
                show_path(document[key])


def _facts(result: TrainingResult) -> dict[str, Any]:
    say(f"{shown(result.output)}: epoch {result.best_epoch} of {result.epochs}")
    for sentence in result.verdict:
        say(sentence)
    for warning in result.warnings:
        say(f"mind: {warning}")
    return {
        "epochs": result.epochs,
        "best_epoch": result.best_epoch,
        "val_log_mel_db": result.val_log_mel_db,
        "baseline_log_mel_db": result.baseline_log_mel_db,
        "seeds": vars(result.seeds) if result.seeds else None,
        "verdict": list(result.verdict),
        "sliders": list(result.analysis.suggested_labels),
        "warnings": list(result.warnings),
    }


def main() -> None:
    """Run the command line and exit."""
    sys.exit(command_line.run(app, "distill-train"))


if __name__ == "__main__":
    main()
