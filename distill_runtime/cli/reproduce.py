"""`distill-run reproduce`: render a file again from the recipe it carries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from distill_runtime.cli.arguments import JsonOption, TrustOption
from distill_runtime.cli.program import say


def reproduce(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A sound that distill-run wrote, or its sidecar; or Distill's sidecar.",
        ),
    ],
    artifacts: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[ARTIFACT]...",
            help="The artifacts of its recipe; without them they are looked for beside FILE and "
            "here, by name.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Without it FILE_reproduced here."),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Overwrite files that exist, and render with other artifacts, too."
        ),
    ] = False,
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Render a sound again, sample for sample, from the recipe in its file.

    Example: `distill-run reproduce ambience_seed7.flac`
    """
    from distill_runtime.audio_file.container import AudioFormat  # noqa: PLC0415
    from distill_runtime.files.output_file import check_output  # noqa: PLC0415
    from distill_runtime.generation.recipe import Recipe, load_tags  # noqa: PLC0415
    from distill_runtime.generation.reproduction import Reproduction  # noqa: PLC0415

    recipe = Recipe.load(file)
    if output is not None and not output.is_char_device():
        recipe = recipe.in_format_of(output)
    audio_format = recipe.audio_format or AudioFormat()
    path = output or _beside_the_name(file, audio_format.container)
    check_output(path, overwrite=force)
    reproduction = Reproduction.of(
        recipe, artifacts or [], folder=file.parent, other_artifacts=force, trust=trust
    )
    for warning in reproduction.warnings:
        say(warning)
    result = reproduction.generate()
    result.save(path, audio_format=audio_format, tags=load_tags(file), overwrite=force)
    if as_json:
        document = {"path": str(path), "seed": result.seed, "warnings": reproduction.warnings}
        print(json.dumps(document))
    else:
        print(path)
    say(f"{result.duration_s:g} s from seed {result.seed}, as in the recipe")


def _beside_the_name(file: Path, container: str) -> Path:
    """Return the name of the copy, here: `rain.wav` gives `rain_reproduced.wav`."""
    from distill_runtime.audio_file.container import CONTAINER_OF_ENDING  # noqa: PLC0415

    name = file.name.removesuffix(".json")
    stem = Path(name).stem if Path(name).suffix.lower() in CONTAINER_OF_ENDING else name
    return Path(f"{stem}_reproduced.{container}")
