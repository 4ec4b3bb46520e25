"""`distill-run ARTIFACT`: render sounds to files, or to a pipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distill_runtime.cli.arguments import (
    ArtifactArgument,
    ForceOption,
    JsonOption,
    NoSpaceCheckOption,
    ProviderOption,
    ThreadsOption,
    TrustOption,
)

_PATH, _LATENT, _STEREO, _BLEND, _FILE, _AFTER = (
    "The sound",
    "Sliders",
    "Stereo",
    "Blending",
    "The file",
    "Looking and listening",
)


def play(
    artifact: ArtifactArgument,
    duration: Annotated[
        float | None,
        typer.Option(
            "--duration",
            "-d",
            metavar="SECONDS",
            help="Length of the sound; it is part of the sound. [default: 10]",
            rich_help_panel=_PATH,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            "-s",
            metavar="N",
            help="0 to 4294967295. Without it one is drawn and reported.",
            rich_help_panel=_PATH,
        ),
    ] = None,
    count: Annotated[
        int,
        typer.Option(
            "--count",
            "-n",
            metavar="N",
            help="Render so many sounds, from consecutive seeds.",
            rich_help_panel=_PATH,
        ),
    ] = 1,
    mode: Annotated[
        str | None,
        typer.Option(
            "--mode",
            metavar="crossfade|latent-interpolation",
            help="Walk between random points (two names for it).",
            rich_help_panel=_PATH,
        ),
    ] = None,
    slider: Annotated[
        list[str] | None,
        typer.Option(
            "--slider",
            metavar="SLIDER:STEPS",
            help="Set a slider, by label or index, -10 to 10: Brightness:5 or 0:-2.5. Repeatable.",
            rich_help_panel=_LATENT,
        ),
    ] = None,
    randomize: Annotated[
        bool,
        typer.Option(
            "--randomize",
            help="Draw the position of every slider from the seed.",
            rich_help_panel=_LATENT,
        ),
    ] = False,
    evolution: Annotated[
        float | None,
        typer.Option(
            "--evolution",
            metavar="0..1",
            help="How far the sound drifts from its sliders; 0 stands still. [default: 0.5]",
            rich_help_panel=_LATENT,
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            metavar="FILE[:NAME]",
            help="Take sliders, seed and settings from a file; other options go first. "
            "Of Distill's own presets.json, the one of that name.",
            rich_help_panel=_LATENT,
        ),
    ] = None,
    save_preset: Annotated[
        Path | None,
        typer.Option(
            "--save-preset",
            metavar="FILE",
            help="Keep sliders, seed and settings in a file.",
            rich_help_panel=_LATENT,
        ),
    ] = None,
    stereo: Annotated[
        str | None,
        typer.Option(
            "--stereo",
            metavar="mono|mid-side|dual-seed",
            help="One channel; one sound spread over two; or a seed for each. [default: mono]",
            rich_help_panel=_STEREO,
        ),
    ] = None,
    width: Annotated[
        float | None,
        typer.Option(
            "--width",
            metavar="0..1.5",
            help="How wide mid-side is. [default: 0.7]",
            rich_help_panel=_STEREO,
        ),
    ] = None,
    depth: Annotated[
        float | None,
        typer.Option(
            "--depth",
            metavar="0..1",
            help="How deep the room behind both channels is. [default: 0.3]",
            rich_help_panel=_STEREO,
        ),
    ] = None,
    blend: Annotated[
        list[str] | None,
        typer.Option(
            "--blend",
            metavar="FILE:WEIGHT",
            help="Blend with another artifact: other.onnx:40. Up to three times.",
            rich_help_panel=_BLEND,
        ),
    ] = None,
    blend_mode: Annotated[
        str | None,
        typer.Option(
            "--blend-mode",
            metavar="latent|audio",
            help="Average where the sliders lead, or the finished sounds. [default: latent]",
            rich_help_panel=_BLEND,
        ),
    ] = None,
    weight: Annotated[
        float | None,
        typer.Option(
            "--weight",
            metavar="WEIGHT",
            help="Of the first artifact. [default: 50]",
            rich_help_panel=_BLEND,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A file, a folder, or - for a pipe. Without it ARTIFACT_seedSEED.wav here.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    container: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="wav|flac|ogg|mp3",
            help="Without it the file's name decides, or wav; it cannot contradict the name.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    sample_rate: Annotated[
        int,
        typer.Option(
            "--sample-rate", metavar="44100|48000|96000", help="In Hz.", rich_help_panel=_FILE
        ),
    ] = 48_000,
    bit_depth: Annotated[
        str | None,
        typer.Option(
            "--bit-depth",
            metavar="16|24|32-float",
            help="Of WAV and FLAC. [default: 24]",
            rich_help_panel=_FILE,
        ),
    ] = None,
    title: Annotated[str, typer.Option("--title", help="A tag.", rich_help_panel=_FILE)] = "",
    artist: Annotated[str, typer.Option("--artist", help="A tag.", rich_help_panel=_FILE)] = "",
    album: Annotated[str, typer.Option("--album", help="A tag.", rich_help_panel=_FILE)] = "",
    sidecar: Annotated[
        bool,
        typer.Option(
            "--sidecar", help="Write the recipe beside the file, too.", rich_help_panel=_FILE
        ),
    ] = False,
    raw: Annotated[
        str | None,
        typer.Option(
            "--raw",
            metavar="f32|s16",
            help="With -o -: bare samples instead of WAV.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    plot: Annotated[
        bool,
        typer.Option(
            "--plot",
            help="Draw waveform and spectrogram beside the file (needs matplotlib).",
            rich_help_panel=_AFTER,
        ),
    ] = False,
    listen: Annotated[
        bool,
        typer.Option("--play", help="Play it aloud (needs sounddevice).", rich_help_panel=_AFTER),
    ] = False,
    force: ForceOption = False,
    no_space_check: NoSpaceCheckOption = False,
    as_json: JsonOption = False,
    provider: ProviderOption = "auto",
    threads: ThreadsOption = 0,
    trust: TrustOption = False,
) -> None:
    """Generate sounds: what happens when you name an artifact and no command.

    Example: `distill-run ambience.onnx -d 10 --seed 7 --slider Brightness:5 -o bright.flac`
    """
    from distill_runtime.cli.play.options import PlayOptions, check_raw  # noqa: PLC0415
    from distill_runtime.cli.play.run import play_options  # noqa: PLC0415

    play_options(
        PlayOptions(
            artifact=artifact,
            duration_s=duration,
            seed=seed,
            count=count,
            mode=mode,
            sliders=tuple(slider or ()),
            randomize=randomize,
            evolution=evolution,
            preset=preset,
            save_preset=save_preset,
            stereo=stereo,
            width=width,
            depth=depth,
            blend=tuple(blend or ()),
            blend_mode=blend_mode,
            weight=weight,
            output=output,
            container=container,
            sample_rate_hz=sample_rate,
            bit_depth=bit_depth,
            title=title,
            artist=artist,
            album=album,
            sidecar=sidecar,
            raw=check_raw(raw),
            plot=plot,
            listen=listen,
            force=force,
            no_space_check=no_space_check,
            as_json=as_json,
            provider=provider,
            threads=threads,
            trust=trust,
        )
    )
