"""Where the sounds of `play` go, under which name, in which format."""

from __future__ import annotations

from pathlib import Path

from distill_runtime.audio.resample import check_sample_rate
from distill_runtime.audio_file.container import (
    CONTAINER_OF_ENDING,
    AudioFormat,
    bit_depth_from_name,
    format_from_name,
)
from distill_runtime.audio_file.size import least_bytes
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.errors import RequestError
from distill_runtime.files.output_file import check_output
from distill_runtime.files.output_folder import check_new_folder, nearest_folder
from distill_runtime.files.paths import (
    fitted_name,
    is_character_device,
    is_device,
    is_folder,
    status,
)
from distill_runtime.files.shown import shown
from distill_runtime.files.space import Need
from distill_runtime.generation.config import GenerationConfig


def audio_format(options: PlayOptions) -> AudioFormat:
    """Return what to write: as asked for, else by the file's name, else WAV.

    Raises:
        RequestError: There is no such format, it has no such bit depth or sampling rate, or
            the file's name says another one.
    """
    container = options.container
    named = options.output and not goes_in_folder(options)
    named = named and not is_character_device(options.output or Path())
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
    if options.output is not None and not goes_in_folder(options):
        return options.output
    folder = options.output or Path()
    ending = f"_seed{config.seed}.{audio_format(options).container}"
    return folder / fitted_name(options.artifact.stem, ending, folder)


def picture_for(path: Path) -> Path:
    """Return where the picture of a sound goes."""
    return path.with_suffix(".png")


def folder_to_make(options: PlayOptions) -> Path | None:
    """Return the folder that the sounds go into and that is not there yet.

    Raises:
        RequestError: There is a file in its place, or its name is that of a sound.
    """
    output = options.output
    if output is None or options.to_pipe or not goes_in_folder(options) or is_folder(output):
        return None
    if status(output) is not None:
        what = "with -n" if options.count > 1 else "where a / ends the name"
        raise RequestError(f"{shown(output)} is a file: {what}, give a folder for the sounds")
    if output.suffix.lower() in CONTAINER_OF_ENDING and not options.output_is_folder:
        raise RequestError(
            f"{shown(output)} is the name of one sound: with -n, give a folder for them"
        )
    check_new_folder(output)
    return output


def check_free(options: PlayOptions, path: Path) -> None:
    """Refuse an output before any work is done for it.

    Raises:
        InputError: It is there and would be overwritten, or the path is none for a file.
        OutputError: The path cannot be one.
    """
    if options.to_pipe or folder_to_make(options) is not None:
        return
    check_output(path, overwrite=options.force)
    if options.sidecar:
        check_output(path.with_name(path.name + ".json"), overwrite=options.force)
    if options.plot:
        check_output(picture_for(path), overwrite=options.force)


def space_for_files(options: PlayOptions, config: GenerationConfig) -> list[Need]:
    """Return what the sounds will take where they go; a pipe and a device take nothing."""
    path = path_for(options, config)
    if options.to_pipe or is_device(path):
        return []
    folder = nearest_folder(path.parent)  # one that is yet to be made is on the same disk
    size_bytes = least_bytes(audio_format(options), frames=config.samples, channels=config.channels)
    return [Need(folder, options.count * size_bytes, "the sound" + "s" * (options.count > 1))]


def goes_in_folder(options: PlayOptions) -> bool:
    """Whether the output is a folder, one that is there or one that is to be made."""
    return options.output is not None and (
        options.count > 1 or options.output_is_folder or is_folder(options.output)
    )
