"""Where the sounds of `play` go, under which name, in which format."""

from __future__ import annotations

from pathlib import Path

from distill_runtime.audio.resample import check_sample_rate
from distill_runtime.audio_file.container import AudioFormat, bit_depth_from_name, format_from_name
from distill_runtime.audio_file.size import least_bytes
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.errors import RequestError
from distill_runtime.files.paths import fitted_name, is_character_device, is_device, is_folder
from distill_runtime.files.space import Need
from distill_runtime.generation.config import GenerationConfig


def audio_format(options: PlayOptions) -> AudioFormat:
    """Return what to write: as asked for, else by the file's name, else WAV.

    Raises:
        RequestError: There is no such format, it has no such bit depth or sampling rate, or
            the file's name says another one.
    """
    container = options.container
    named = options.output and not _in_folder(options) and not is_character_device(options.output)
    if container is None and options.output and named and not options.to_pipe:
        container = format_from_name(options.output)
    depth = None if options.bit_depth is None else bit_depth_from_name(options.bit_depth)
    found = AudioFormat(container or "wav", depth)
    if options.to_pipe and found.container != "wav":
        raise RequestError(f"a pipe takes WAV or --raw, not {found.container}")
    if options.output and named and not options.to_pipe:
        found = AudioFormat.for_file(options.output, found)
    found.check_sample_rate(check_sample_rate(options.sample_rate_hz))
    return found


def path_for(options: PlayOptions, config: GenerationConfig) -> Path:
    """Return where a sound goes: a name made of the artifact and the seed, if not given."""
    if options.output is not None and not _in_folder(options):
        return options.output
    folder = options.output or Path()
    ending = f"_seed{config.seed}.{audio_format(options).container}"
    return folder / fitted_name(options.artifact.stem, ending, folder)


def space_for_files(options: PlayOptions, config: GenerationConfig) -> list[Need]:
    """Return what the sounds will take where they go; a pipe and a device take nothing."""
    path = path_for(options, config)
    if options.to_pipe or is_device(path):
        return []
    size_bytes = least_bytes(audio_format(options), frames=config.samples, channels=config.channels)
    return [Need(path.parent, options.count * size_bytes, "the sound" + "s" * (options.count > 1))]


def _in_folder(options: PlayOptions) -> bool:
    return options.output is not None and (options.count > 1 or is_folder(options.output))
