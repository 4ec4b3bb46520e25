"""`--dry-run`: what would be made, where, how long and how large."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.size import likely_bytes
from distill_runtime.cli.console import show, show_json
from distill_runtime.cli.play.destination import (
    audio_format,
    folder_to_make,
    path_for,
    picture_for,
)
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.cli.stereo import describe_place
from distill_runtime.files.shown import shown
from distill_runtime.files.space import size_in_words
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.stereo_document import stereo_document

_CHANNELS = {1: "mono", 2: "stereo"}


def tell(options: PlayOptions, first: GenerationConfig) -> None:
    """Print what would be made of the request for the first sound."""
    if options.as_json:
        show_json(_document(options, first))
    else:
        show(_words(options, first))


def _words(options: PlayOptions, first: GenerationConfig) -> str:
    last = _last(options, first)
    where = "into the pipe" if options.to_pipe else shown(path_for(options, first))
    seeds = f"seed {first.seed}"
    what, each = "would write", ""
    if options.count > 1:
        where += f" to {shown(path_for(options, last).name)}"
        seeds = f"seeds {first.seed} to {last.seed}"
        what, each = f"would write {options.count} sounds:", " each"
    drawn = f" (drawn: --seed {first.seed} gives it again)" if _is_drawn(options) else ""
    lines = [
        f"{what} {where}",
        f"{first.duration_s:g} s of {_CHANNELS[first.channels]} at "
        f"{first.sample_rate_hz / 1000:g} kHz{each}{_ends(first)}, {seeds}{drawn}",
        _format(options, first),
    ]
    if (place := describe_place(first.stereo)) is not None:
        lines.append(place)
    if (folder := folder_to_make(options)) is not None:
        lines.append(f"the folder {shown(folder)} would be made")
    beside = ["its recipe"] * options.sidecar + ["its picture"] * options.plot
    if beside:
        lines.append(f"and beside {'each' if options.count > 1 else 'it'} {' and '.join(beside)}")
    if options.save_preset is not None:
        lines.append(f"and the preset {shown(options.save_preset)}")
    return "\n".join(lines)


def _is_drawn(options: PlayOptions) -> bool:
    return options.seed is None and options.preset is None


def _ends(config: GenerationConfig) -> str:
    if config.loop:
        return ", a loop"
    fades = ((config.fade_in_s, "in"), (config.fade_out_s, "out"))
    return "".join(f", fading {way} over {seconds:g} s" for seconds, way in fades if seconds)


def _format(options: PlayOptions, config: GenerationConfig) -> str:
    size = size_in_words(options.count * _bytes_of_one(options, config))
    if options.raw:
        return f"bare samples ({options.raw}), {size}"
    written = audio_format(options)
    name = written.container.upper()
    if written.bit_depth is not None:
        name += f", {written.bit_depth} bits{' floating point' * (written.bit_depth == 32)}"
    return f"{name}, {size}" if written.container == "wav" else f"{name}, some {size} or less"


def _bytes_of_one(options: PlayOptions, config: GenerationConfig) -> int:
    """Return the bytes of a sound's samples, or what most encoded sounds do not exceed."""
    written = audio_format(options)
    if options.raw:
        written = AudioFormat("wav", {"f32": 32, "s16": 16}[options.raw])
    return likely_bytes(written, frames=config.samples, channels=config.channels)


def _last(options: PlayOptions, first: GenerationConfig) -> GenerationConfig:
    assert first.seed is not None, "the seed was not drawn"
    return replace(first, seed=first.seed + options.count - 1)


def _document(options: PlayOptions, first: GenerationConfig) -> dict[str, Any]:
    path = None if options.to_pipe else path_for(options, first)
    folder = folder_to_make(options)
    return {
        "dry_run": True,
        "path": None if path is None else str(path),
        "last_path": None if path is None else str(path_for(options, _last(options, first))),
        "makes_folder": None if folder is None else str(folder),
        "picture": str(picture_for(path)) if options.plot and path is not None else None,
        "count": options.count,
        "seed": first.seed,
        "duration_s": first.duration_s,
        "samples": first.samples,
        "channels": first.channels,
        "sample_rate_hz": first.sample_rate_hz,
        "stereo": stereo_document(first.stereo),
        "loop": first.loop,
        "audio_format": None if options.raw else dict(vars(audio_format(options))),
        "about_bytes": options.count * _bytes_of_one(options, first),
    }
