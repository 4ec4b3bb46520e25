"""What is said of a sound once it is made: the path, or a JSON object; words on stderr."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from distill_runtime.cli.console import say, show_json, show_path
from distill_runtime.cli.play.destination import audio_format
from distill_runtime.cli.play.ends import describe_ends
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.cli.play.request import describe_sliders
from distill_runtime.cli.stereo import describe_place
from distill_runtime.files.shown import shown
from distill_runtime.generation.pipeline import GenerationPipeline
from distill_runtime.generation.recipe import Recipe, as_document
from distill_runtime.generation.result import GenerationResult
from distill_runtime.latents.controls import describe_controls
from distill_runtime.latents.sliders import resolve_positions


def report(
    result: GenerationResult,
    path: Path | None,
    pipeline: GenerationPipeline,
    options: PlayOptions,
    elapsed_s: float,
    *,
    picture: Path | None = None,
) -> None:
    """Print the path, or a JSON object; the words for a person go to stderr."""
    if options.as_json:
        written = None if options.raw else audio_format(options)
        recipe = replace(result.recipe, audio_format=written)
        document = _document(result, recipe, path, elapsed_s)
        if picture is not None:
            document["picture"] = str(picture)
        if path is None:
            say(json.dumps(document))
        else:
            show_json(document)
    elif path is not None:
        show_path(path)
    if options.count > 1:
        return
    say(f"{result.duration_s:g} s from seed {result.seed}, in {elapsed_s:.1f} s")
    if result.config.controls:
        say(describe_controls(result.config.controls))
    if result.config.sliders is not None:
        positions = resolve_positions(pipeline.blend.sliders, result.config.sliders).positions
        say(describe_sliders(pipeline.blend.sliders, positions))
    if (place := describe_place(result.config.stereo)) is not None:
        say(place)
    say("silent: this model plays nothing here" if result.silent else result.levels.describe())
    if result.limited_db:
        say(f"louder than full scale: the soft limit lowers its peak by {result.limited_db:.1f} dB")
    if ends := describe_ends(result):
        say(ends)
    if picture is not None:
        say(f"picture in {shown(picture)}")


def _document(
    result: GenerationResult, recipe: Recipe, path: Path | None, elapsed_s: float
) -> dict[str, Any]:
    return {
        "path": None if path is None else str(path),
        "seed": result.seed,
        "duration_s": result.duration_s,
        "sample_rate_hz": result.sample_rate_hz,
        "channels": result.channels,
        "samples": result.samples,
        "silent": result.silent,
        "gain": result.gain,
        "limited_db": result.limited_db,
        "levels": dict(vars(result.levels)),
        "elapsed_s": round(elapsed_s, 3),
        "recipe": as_document(recipe),
    }
