"""Rendering what the options of `play` ask for, and reporting it."""

from __future__ import annotations

import json
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from distill_runtime.audio_file.container import DEFAULT_BIT_DEPTH
from distill_runtime.cli.console import say, show_json, show_path, stdout_bytes
from distill_runtime.cli.play.blending import load_blend
from distill_runtime.cli.play.destination import audio_format, path_for, space_for_files
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.cli.play.request import configs, describe_sliders, first_config
from distill_runtime.cli.progress import Progress
from distill_runtime.errors import DistillError, RequestError
from distill_runtime.files.interruption import held_back
from distill_runtime.files.output_file import check_output
from distill_runtime.files.paths import is_folder, status
from distill_runtime.files.shown import shown
from distill_runtime.files.space import require_space, temporary_need
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.pipeline import GenerationPipeline
from distill_runtime.generation.preset import Preset
from distill_runtime.generation.recipe import Recipe, as_document
from distill_runtime.generation.result import GenerationResult
from distill_runtime.latents.sliders import resolve_positions

_FAILURES_TOLD = 20


def play_options(options: PlayOptions) -> None:
    """Do what the command line asks for.

    Raises:
        DistillError: It could not be done; of several sounds, none of them.
        typer.Exit: Some of several sounds could not be made.
    """
    options.check()
    audio_format(options)  # a bad format is told before anything is loaded
    _check_extras(options)
    _check_output(options)
    blend = load_blend(options)
    pipeline = GenerationPipeline(blend, check_space=not options.no_space_check)
    first, warnings = first_config(options, blend)
    for warning in warnings:
        say(warning)
    if options.count == 1:
        _check_free(options, path_for(options, first))
    if not options.no_space_check:
        temporary = temporary_need(pipeline.temporary_bytes(first, options.count))
        require_space([*space_for_files(options, first), temporary])
    if options.save_preset is not None:
        preset = Preset.of(blend.artifacts[0], first)
        preset.save(options.save_preset, overwrite=options.force)
        say(f"preset kept in {shown(options.save_preset)}")
    if options.to_pipe:
        _render_to_pipe(pipeline, first, options)
    elif options.count == 1:
        _render_one(pipeline, first, options)
    else:
        _render_many(pipeline, configs(options, first, blend), options)


def _render_to_pipe(
    pipeline: GenerationPipeline, config: GenerationConfig, options: PlayOptions
) -> None:
    started = time.perf_counter()
    result = pipeline.generate(config)
    with stdout_bytes() as stdout:
        if options.raw:
            result.write_raw(stdout, encoding=options.raw)
        else:
            depth = audio_format(options).bit_depth or DEFAULT_BIT_DEPTH
            result.write_wav(stdout, bit_depth=depth, tags=options.tags)
    _report(result, None, pipeline, options, time.perf_counter() - started)
    _listen(result, options)


def _render_one(
    pipeline: GenerationPipeline, config: GenerationConfig, options: PlayOptions
) -> None:
    path = path_for(options, config)
    started = time.perf_counter()
    _announce(config)
    result = pipeline.generate(config)
    _save(result, path, options)
    _plot(result, path, options)
    _report(result, path, pipeline, options, time.perf_counter() - started)
    _listen(result, options)


def _render_many(
    pipeline: GenerationPipeline, configs: Iterable[GenerationConfig], options: PlayOptions
) -> None:
    """Render several sounds; what goes wrong with one does not keep the others."""
    done = _Tally(options.count)

    def free() -> Iterator[GenerationConfig]:
        for config in configs:
            try:
                _check_free(options, path_for(options, config))
            except DistillError as error:
                done.failed(error)
            else:
                yield config

    with Progress(options.count) as progress:
        try:
            for result in pipeline.generate_many(free()):
                path = path_for(options, result.config)
                started = time.perf_counter()
                try:
                    with held_back():
                        _save(result, path, options)
                        done.written(path)
                    _plot(result, path, options)
                except DistillError as error:
                    done.failed(error)
                    continue
                progress.advance()
                _report(result, path, pipeline, options, time.perf_counter() - started)
        except KeyboardInterrupt:
            progress.stop()
            say(done.so_far())
            raise
    say(done.in_words())
    if done.failures:
        raise typer.Exit(1)


class _Tally:
    """What came of several sounds; there may be millions of them."""

    def __init__(self, asked: int) -> None:
        self.failures = 0
        self._asked, self._whole = asked, 0
        self._last: Path | None = None
        self._first_failures: list[str] = []

    def written(self, path: Path) -> None:
        self._whole, self._last = self._whole + 1, path

    def failed(self, error: DistillError) -> None:
        self.failures += 1
        if self.failures <= _FAILURES_TOLD:
            self._first_failures.append(error.said_with({"overwrite=True": "--force"}))

    def so_far(self) -> str:
        last = "" if self._last is None else f", the last is {shown(self._last)}"
        return f"{self._whole} of {self._asked} sounds are whole{last}"

    def in_words(self) -> str:
        more = self.failures - len(self._first_failures)
        lines = [*self._first_failures, *([f"and {more} more failed"] if more else [])]
        return "\n".join([*lines, f"{self._whole} of {self._asked} sounds written"])


def _save(result: GenerationResult, path: Path, options: PlayOptions) -> None:
    result.save(
        path,
        audio_format=audio_format(options),
        tags=options.tags,
        sidecar=options.sidecar,
        overwrite=options.force,
    )


def _plot(result: GenerationResult, path: Path, options: PlayOptions) -> None:
    if options.plot:
        from distill_runtime.generation.plot import plot_sound  # noqa: PLC0415

        plot_sound(result, path.with_suffix(".png"), title=path.name, overwrite=options.force)


def _check_output(options: PlayOptions) -> None:
    """Refuse a bad place for the sounds before anything is loaded."""
    output = options.output
    if options.to_pipe:
        if sys.stdout is None:  # where the caller closed it
            raise RequestError("-o - has no stdout to write to: give it a pipe or a file")
        if sys.stdout.isatty():
            raise RequestError("-o - would print samples to the terminal: give it a pipe or a file")
    elif output is not None and options.count > 1:
        found = status(output)
        if found is None:
            raise RequestError(f"folder {shown(output)} does not exist: make it first")
        if not stat.S_ISDIR(found.st_mode):
            raise RequestError(f"{shown(output)} is a file: with -n, give a folder for the sounds")
    elif output is not None and not is_folder(output):
        _check_free(options, output)


def _check_free(options: PlayOptions, path: Path) -> None:
    """Refuse an output before any work is done for it."""
    if options.to_pipe:
        return
    check_output(path, overwrite=options.force)
    if options.sidecar:
        check_output(path.with_name(path.name + ".json"), overwrite=options.force)
    if options.plot:
        check_output(path.with_suffix(".png"), overwrite=options.force)


def _check_extras(options: PlayOptions) -> None:
    """Refuse at once what an extra is missing for."""
    if options.plot:
        from distill_runtime.generation.plot import require_matplotlib  # noqa: PLC0415

        require_matplotlib()
    if options.listen:
        from distill_runtime.generation.playback import require_sounddevice  # noqa: PLC0415

        require_sounddevice()


def _listen(result: GenerationResult, options: PlayOptions) -> None:
    if options.listen:
        from distill_runtime.generation.playback import play_sound  # noqa: PLC0415

        play_sound(result)


def _announce(config: GenerationConfig) -> None:
    """Say that a long sound takes its time."""
    if config.duration_s >= 60 and sys.stderr and sys.stderr.isatty():
        say(f"rendering {config.duration_s:g} s")


def _report(
    result: GenerationResult,
    path: Path | None,
    pipeline: GenerationPipeline,
    options: PlayOptions,
    elapsed_s: float,
) -> None:
    """Print the path, or a JSON object; the words for a person go to stderr."""
    if options.as_json:
        written = None if options.raw else audio_format(options)
        recipe = replace(result.recipe, audio_format=written)
        document = _document(result, recipe, path, elapsed_s)
        if path is None:
            say(json.dumps(document))
        else:
            show_json(document)
    elif path is not None:
        show_path(path)
    if options.count > 1:
        return
    say(f"{result.duration_s:g} s from seed {result.seed}, in {elapsed_s:.1f} s")
    if result.config.sliders is not None:
        positions = resolve_positions(pipeline.blend.sliders, result.config.sliders).positions
        say(describe_sliders(pipeline.blend.sliders, positions))
    say("silent: this model plays nothing here" if result.silent else result.levels.describe())


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
        "levels": dict(vars(result.levels)),
        "elapsed_s": round(elapsed_s, 3),
        "recipe": as_document(recipe),
    }
