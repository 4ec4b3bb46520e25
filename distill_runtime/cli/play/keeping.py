"""Keeping a sound: its file, and its picture."""

from __future__ import annotations

from pathlib import Path

from distill_runtime.cli.play.destination import audio_format, picture_for
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.generation.result import GenerationResult


def save(result: GenerationResult, path: Path, options: PlayOptions) -> None:
    """Write the file of a sound."""
    result.save(
        path,
        audio_format=audio_format(options),
        tags=options.tags,
        sidecar=options.sidecar,
        overwrite=options.force,
    )


def draw(result: GenerationResult, path: Path, options: PlayOptions) -> Path | None:
    """Draw the picture that was asked for beside the file; return where it is."""
    if not options.plot:
        return None
    from distill_runtime.generation.plot import plot_sound  # noqa: PLC0415

    picture = picture_for(path)
    plot_sound(result, picture, title=path.name, overwrite=options.force)
    return picture
