"""Options of `play` that say what is heard: the sound, its sliders, stereo, blending."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_PATH, _LATENT, _STEREO, _BLEND = "The sound", "Sliders", "Stereo", "Blending"

DurationOption = Annotated[
    float | None,
    typer.Option(
        "--duration",
        "-d",
        metavar="SECONDS",
        help="Length of the sound; it is part of the sound. [default: 10]",
        rich_help_panel=_PATH,
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        "-s",
        metavar="N",
        help="0 to 4294967295. Without it one is drawn and reported.",
        rich_help_panel=_PATH,
    ),
]
CountOption = Annotated[
    int,
    typer.Option(
        "--count",
        "-n",
        metavar="N",
        help="Render so many sounds, from consecutive seeds.",
        rich_help_panel=_PATH,
    ),
]
ModeOption = Annotated[
    str | None,
    typer.Option(
        "--mode",
        metavar="crossfade|latent-interpolation",
        help="Walk between random points (two names for it).",
        rich_help_panel=_PATH,
    ),
]
SliderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--slider",
        metavar="SLIDER:STEPS",
        help="Set a slider, by label or index, -10 to 10: Brightness:5 or 0:-2.5. Repeatable.",
        rich_help_panel=_LATENT,
    ),
]
RandomizeOption = Annotated[
    bool,
    typer.Option(
        "--randomize",
        help="Draw the position of every slider from the seed.",
        rich_help_panel=_LATENT,
    ),
]
EvolutionOption = Annotated[
    float | None,
    typer.Option(
        "--evolution",
        metavar="0..1",
        help="How far the sound drifts from its sliders; 0 stands still. [default: 0.5]",
        rich_help_panel=_LATENT,
    ),
]
PresetOption = Annotated[
    str | None,
    typer.Option(
        "--preset",
        metavar="FILE[:NAME]",
        help="Take sliders, seed and settings from a file; other options go first. "
        "Of Distill's own presets.json, the one of that name.",
        rich_help_panel=_LATENT,
    ),
]
SavePresetOption = Annotated[
    Path | None,
    typer.Option(
        "--save-preset",
        metavar="FILE",
        help="Keep sliders, seed and settings in a file.",
        rich_help_panel=_LATENT,
    ),
]
StereoOption = Annotated[
    str | None,
    typer.Option(
        "--stereo",
        metavar="mono|mid-side|dual-seed",
        help="One channel; one sound spread over two; or a seed for each. [default: mono]",
        rich_help_panel=_STEREO,
    ),
]
WidthOption = Annotated[
    float | None,
    typer.Option(
        "--width",
        metavar="0..1.5",
        help="How wide mid-side is. [default: 0.7]",
        rich_help_panel=_STEREO,
    ),
]
DepthOption = Annotated[
    float | None,
    typer.Option(
        "--depth",
        metavar="0..1",
        help="How deep the room behind both channels is. [default: 0.3]",
        rich_help_panel=_STEREO,
    ),
]
BlendOption = Annotated[
    list[str] | None,
    typer.Option(
        "--blend",
        metavar="FILE:WEIGHT",
        help="Blend with another artifact: other.onnx:40. Up to three times.",
        rich_help_panel=_BLEND,
    ),
]
BlendModeOption = Annotated[
    str | None,
    typer.Option(
        "--blend-mode",
        metavar="latent|audio",
        help="Average where the sliders lead, or the finished sounds. [default: latent]",
        rich_help_panel=_BLEND,
    ),
]
WeightOption = Annotated[
    float | None,
    typer.Option(
        "--weight",
        metavar="WEIGHT",
        help="Of the first artifact. [default: 50]",
        rich_help_panel=_BLEND,
    ),
]
