"""`distill-run reproduce`: render a file again from the recipe it carries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distill_runtime.cli.arguments import JsonOption, NoSpaceCheckOption, TrustOption, found
from distill_runtime.cli.console import say, show_json, show_path
from distill_runtime.cli.progress import SoundProgress
from distill_runtime.files.paths import fitted_name, is_character_device


def _found(context: typer.Context, named: list[Path] | None) -> list[Path] | None:
    return named and [found(context, path) for path in named]


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
            "here and in DISTILL_ARTIFACTS, by name.",
            callback=_found,
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
    no_space_check: NoSpaceCheckOption = False,
    trust: TrustOption = False,
    sofa: Annotated[
        Path | None,
        typer.Option(
            "--sofa",
            metavar="FILE",
            help="The SOFA file of its recipe; without it it is looked for as artifacts are.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Render a sound again, sample for sample, from the recipe in its file.

    Example: `distill-run reproduce ambience_seed7.flac`
    """
    from distill_runtime.audio_file.container import AudioFormat  # noqa: PLC0415
    from distill_runtime.audio_file.size import least_bytes  # noqa: PLC0415
    from distill_runtime.files.output_file import check_output  # noqa: PLC0415
    from distill_runtime.files.space import Need, require_space, temporary_need  # noqa: PLC0415
    from distill_runtime.generation.recipe import Recipe, load_tags  # noqa: PLC0415
    from distill_runtime.generation.reproduction import Reproduction  # noqa: PLC0415

    recipe = Recipe.load(file)
    if output is not None and not is_character_device(output):
        recipe = recipe.in_format_of(output)
    audio_format = recipe.audio_format or AudioFormat()
    path = output or _beside_the_name(file, audio_format.container)
    check_output(path, overwrite=force)
    reproduction = Reproduction.of(
        recipe,
        artifacts or [],
        folder=file.parent,
        other_artifacts=force,
        trust=trust,
        check_space=not no_space_check,
        sofa=sofa,
    )
    if not no_space_check:
        config = reproduction.recipe.config
        size_bytes = least_bytes(audio_format, frames=config.samples, channels=config.channels)
        temporary = temporary_need(reproduction.pipeline.temporary_bytes(config))
        require_space([Need(path.parent, size_bytes, "the sound"), temporary])
    for warning in reproduction.warnings:
        say(warning)
    tags = load_tags(file)
    with SoundProgress() as progress:
        result = reproduction.generate(progress=progress.rendered)
        progress.writing()
        result.save(path, audio_format=audio_format, tags=tags, overwrite=force)
    if as_json:
        show_json({"path": str(path), "seed": result.seed, "warnings": reproduction.warnings})
    else:
        show_path(path)
    say(f"{result.duration_s:g} s from seed {result.seed}, as in the recipe")


def _beside_the_name(file: Path, container: str) -> Path:
    """Return the name of the copy, here: `rain.wav` gives `rain_reproduced.wav`."""
    from distill_runtime.audio_file.container import CONTAINER_OF_ENDING  # noqa: PLC0415

    name = file.name.removesuffix(".json")
    stem = Path(name).stem if Path(name).suffix.lower() in CONTAINER_OF_ENDING else name
    return Path(fitted_name(stem, f"_reproduced.{container}", Path()))
