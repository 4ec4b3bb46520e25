"""`distill-run`: play, describe and verify artifacts."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from distill_runtime import command_line
from distill_runtime.command_line import say


class _ArtifactFirst(TyperGroup):
    """A group in which a first argument that is no command is an artifact to play."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = {"--help", *(name for parameter in self.params for name in parameter.opts)}
        if args and args[0] not in self.commands and args[0] not in own:
            args = ["play", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ArtifactFirst,
    no_args_is_help=True,
    subcommand_metavar="ARTIFACT | COMMAND [ARGS]...",
    rich_markup_mode="markdown",
    help="""Play a Distill artifact: turn an .onnx file into sound.

    `distill-run ambience.onnx -d 10 --seed 7` writes ten seconds to `ambience_seed7.wav`.
    A first argument that is no command is an artifact; `distill-run play --help` shows the options.
    """,
)

_Artifact = Annotated[
    Path, typer.Argument(metavar="ARTIFACT", help="An .onnx file made by distill-export.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON to stdout instead of text.")]


def _version(requested: bool) -> None:
    if requested:
        from distill_runtime import __version__  # noqa: PLC0415

        print(f"distill-run {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


@app.command()
def play(
    artifact: _Artifact,
    duration: Annotated[
        float,
        typer.Option("--duration", "-d", metavar="SECONDS", help="Length of the sound."),
    ] = 10.0,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            "-s",
            help="0 to 4294967295; the same seed and duration give the same sound. "
            "Without it one is drawn and reported.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A file, or a folder that exists. Default: ARTIFACT_seedSEED.wav here.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite the file if it exists.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Generate a sound (what happens when you name an artifact and no command).

    The duration is part of the sound: the same seed at another duration is another sound.

    Example: `distill-run ambience.onnx -d 10 --seed 7`
    """
    from distill_runtime.artifact import Artifact  # noqa: PLC0415
    from distill_runtime.generation import GenerationConfig, GenerationPipeline  # noqa: PLC0415
    from distill_runtime.output_file import check_output  # noqa: PLC0415

    started = time.perf_counter()
    config = GenerationConfig(duration_s=duration, seed=seed).with_seed()
    path = output or Path(f"{artifact.stem}_seed{config.seed}.wav")
    if path.is_dir():
        path = path / f"{artifact.stem}_seed{config.seed}.wav"
    check_output(path, overwrite=force)
    result = GenerationPipeline(Artifact.load(artifact)).generate(config)
    result.save(path, overwrite=force)
    elapsed = time.perf_counter() - started

    say(
        f"{result.duration_s:.2f} s from seed {result.seed} in {elapsed:.1f} s"
        + (": it is silent, this model plays nothing here" if result.silent else "")
    )
    if as_json:
        report = {
            "path": str(path),
            "artifact": str(artifact),
            "seed": result.seed,
            "duration_s": result.duration_s,
            "sample_rate_hz": result.sample_rate_hz,
            "channels": result.audio.shape[0],
            "gain": result.gain,
            "silent": result.silent,
            "elapsed_s": round(elapsed, 3),
        }
        print(json.dumps(report))
    else:
        print(path)


@app.command()
def info(artifact: _Artifact, as_json: _Json = False) -> None:
    """Describe an artifact: its model, its sliders, what was measured at its export.

    Example: `distill-run info ambience.onnx`
    """
    from distill_runtime.artifact_file import ArtifactFile  # noqa: PLC0415
    from distill_runtime.description import describe  # noqa: PLC0415

    file = ArtifactFile.inspect(artifact)
    print(file.metadata.to_json() if as_json else describe(file))


@app.command()
def verify(artifact: _Artifact, as_json: _Json = False) -> None:
    """Check that an artifact is whole and sounds as it did when it was exported.

    Example: `distill-run verify ambience.onnx`
    """
    from distill_runtime.artifact import Artifact  # noqa: PLC0415
    from distill_runtime.verification import verify as verify_artifact  # noqa: PLC0415

    report = verify_artifact(Artifact.load(artifact))
    if as_json:
        checks = [vars(check) for check in report.checks]
        print(json.dumps({"artifact": str(artifact), "passed": report.passed, "checks": checks}))
    else:
        for check in report.checks:
            print(f"{'ok    ' if check.passed else 'FAILED'}  {check.name:<10} {check.detail}")
        print(
            f"{artifact} is whole and sounds as it did when it was exported."
            if report.passed
            else f"{artifact} is not as it was exported: export it again."
        )
    if not report.passed:
        raise typer.Exit(1)


def main() -> None:
    """Run the command line and exit."""
    sys.exit(command_line.run(app, "distill-run"))


if __name__ == "__main__":
    main()
