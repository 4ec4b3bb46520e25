"""Rendering what the options of `play` ask for."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext

from distill_runtime.audio.binaural.sofa_reader import require_h5py
from distill_runtime.audio_file.container import DEFAULT_BIT_DEPTH
from distill_runtime.cli.cluster.conflicts import check_cluster
from distill_runtime.cli.console import say, stdout_bytes
from distill_runtime.cli.play.batch import render_many
from distill_runtime.cli.play.blending import describe_shares, load_blend
from distill_runtime.cli.play.destination import (
    audio_format,
    check_free,
    folder_to_make,
    goes_in_folder,
    path_for,
    space_for_files,
)
from distill_runtime.cli.play.dry_run import tell
from distill_runtime.cli.play.ends import LOOP_DOUBTS
from distill_runtime.cli.play.keeping import draw, save
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.cli.play.report import report
from distill_runtime.cli.play.request import configs, first_config
from distill_runtime.cli.progress import SoundProgress
from distill_runtime.errors import RequestError
from distill_runtime.files.output_folder import new_folder
from distill_runtime.files.shown import shown
from distill_runtime.files.space import require_space, temporary_need
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.pipeline import GenerationPipeline
from distill_runtime.generation.preset import Preset
from distill_runtime.generation.result import GenerationResult


def play_options(options: PlayOptions) -> None:
    """Do what the command line asks for.

    Raises:
        DistillError: It could not be done; of several sounds, none of them.
        typer.Exit: Some of several sounds could not be made.
    """
    options.check()
    check_cluster(options)
    if options.cluster.address is not None:
        from distill_runtime.cli.cluster.run import render_on_cluster  # noqa: PLC0415

        render_on_cluster(options)
        return
    written = audio_format(options)  # a bad format is told before anything is loaded
    _check_extras(options)
    _check_output(options)
    blend = load_blend(options)
    pipeline = GenerationPipeline(blend, check_space=not options.no_space_check)
    first, warnings = first_config(options, blend)
    for warning in warnings:
        say(warning)
    if not blend.is_single:
        say(describe_shares(blend))
    if first.loop and (doubt := LOOP_DOUBTS.get(written.container)):
        say(doubt)
    if options.count == 1:
        check_free(options, path_for(options, first))
    if not options.no_space_check:
        temporary = temporary_need(pipeline.temporary_bytes(first, options.count))
        require_space([*space_for_files(options, first), temporary])
    if options.dry_run:
        tell(options, first)
        return
    folder = folder_to_make(options)
    with nullcontext() if folder is None else new_folder(folder):
        _render(pipeline, first, options)


def _render(pipeline: GenerationPipeline, first: GenerationConfig, options: PlayOptions) -> None:
    if options.save_preset is not None:
        preset = Preset.of(pipeline.blend.artifacts[0], first)
        preset.save(options.save_preset, overwrite=options.force)
        say(f"preset kept in {shown(options.save_preset)}")
    if options.to_pipe:
        _render_to_pipe(pipeline, first, options)
    elif options.count == 1:
        _render_one(pipeline, first, options)
    else:
        render_many(pipeline, configs(options, first, pipeline.blend), options)


def _render_to_pipe(
    pipeline: GenerationPipeline, config: GenerationConfig, options: PlayOptions
) -> None:
    started = time.perf_counter()
    with SoundProgress() as progress, stdout_bytes() as stdout:
        result = pipeline.generate(config, progress=progress.rendered)
        progress.writing()
        if options.raw:
            result.write_raw(stdout, encoding=options.raw)
        else:
            depth = audio_format(options).bit_depth or DEFAULT_BIT_DEPTH
            result.write_wav(stdout, bit_depth=depth, tags=options.tags)
    report(result, None, pipeline, options, time.perf_counter() - started)
    _listen(result, options)


def _render_one(
    pipeline: GenerationPipeline, config: GenerationConfig, options: PlayOptions
) -> None:
    path = path_for(options, config)
    started = time.perf_counter()
    with SoundProgress() as progress:
        result = pipeline.generate(config, progress=progress.rendered)
        progress.writing()
        save(result, path, options)
        picture = draw(result, path, options)
    report(result, path, pipeline, options, time.perf_counter() - started, picture=picture)
    _listen(result, options)


def _check_output(options: PlayOptions) -> None:
    """Refuse a bad place for the sounds before anything is loaded."""
    output = options.output
    if options.to_pipe:
        if sys.stdout is None:  # where the caller closed it
            raise RequestError("-o - has no stdout to write to: give it a pipe or a file")
        if sys.stdout.isatty() and not options.dry_run:
            raise RequestError("-o - would print samples to the terminal: give it a pipe or a file")
    elif output is not None and goes_in_folder(options):
        folder_to_make(options)
    elif output is not None:
        check_free(options, output)


def _check_extras(options: PlayOptions) -> None:
    """Refuse at once what an extra is missing for."""
    if options.stereo.sofa is not None:
        require_h5py()
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
