"""Options of `play` that say what is heard: the sound, its sliders, stereo, blending."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_PATH, _CONTROLS, _LATENT = "The sound", "Controls", "Sliders"
_STEREO, _BLEND = "Stereo", "Blending"

DurationOption = Annotated[
    str | None,
    typer.Option(
        "--duration",
        "-d",
        metavar="TIME",
        help="Length of the sound, which is part of the sound: 10, 10s, 1m30s, 1:30. [default: 10]",
        rich_help_panel=_PATH,
    ),
]
BarsOption = Annotated[
    float | None,
    typer.Option(
        "--bars",
        metavar="N",
        help="Length in bars of music, instead of -d: --bars 4 --bpm 120.",
        rich_help_panel=_PATH,
    ),
]
BpmOption = Annotated[
    float | None,
    typer.Option("--bpm", metavar="BEATS", help="Beats a minute.", rich_help_panel=_PATH),
]
BeatsPerBarOption = Annotated[
    int | None,
    typer.Option(
        "--beats-per-bar", metavar="N", help="Beats in a bar. [default: 4]", rich_help_panel=_PATH
    ),
]
LoopOption = Annotated[
    bool | None,
    typer.Option(
        "--loop/--no-loop",
        help="Make it go round and round without a seam, and say so in the file.",
        rich_help_panel=_PATH,
    ),
]
FadeInOption = Annotated[
    str | None,
    typer.Option(
        "--fade-in",
        metavar="TIME",
        help="Let it rise from silence: 0.005 or 5ms takes a click away.",
        rich_help_panel=_PATH,
    ),
]
FadeOutOption = Annotated[
    str | None,
    typer.Option(
        "--fade-out", metavar="TIME", help="Let it sink into silence.", rich_help_panel=_PATH
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
NearnessOption = Annotated[
    float | None,
    typer.Option(
        "--nearness",
        metavar="0..1",
        help="How near the recordings it stays: 1 is among them, 0 is where Distill's seeds go. "
        "[default: the model's]",
        rich_help_panel=_PATH,
    ),
]
ControlOption = Annotated[
    list[str] | None,
    typer.Option(
        "--control",
        metavar="NAME:STEPS",
        help="Move the whole sound: the same seed, but Brightness:+3. `info` lists what there is. "
        "Repeatable.",
        rich_help_panel=_CONTROLS,
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
        metavar="MODE",
        help="mono; mid-side, one sound spread over two channels; dual-seed, a seed for each; for "
        "headphones binaural, a sound at a place, and binaural-dual-seed, two. [default: mono]",
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
AzimuthOption = Annotated[
    float | None,
    typer.Option(
        "--azimuth",
        metavar="DEGREES",
        help="Where a binaural sound is: 0 in front, 90 on the right, -90 on the left, 180 behind. "
        "Of two, the first is as far on the other side. [default: 30]",
        rich_help_panel=_STEREO,
    ),
]
ElevationOption = Annotated[
    float | None,
    typer.Option(
        "--elevation",
        metavar="DEGREES",
        help="How high: -90 below, 90 above. [default: 0]",
        rich_help_panel=_STEREO,
    ),
]
DistanceOption = Annotated[
    float | None,
    typer.Option(
        "--distance",
        metavar="METRES",
        help="How far away, 0.2 to 100; heard in a file below 1. [default: 1]",
        rich_help_panel=_STEREO,
    ),
]
SofaOption = Annotated[
    Path | None,
    typer.Option(
        "--sofa",
        metavar="FILE",
        help="A measured head instead of the built-in one, from a file of SimpleFreeFieldHRIR.",
        rich_help_panel=_STEREO,
    ),
]
BlendOption = Annotated[
    list[str] | None,
    typer.Option(
        "--blend",
        metavar="FILE:PERCENT",
        help="Blend with another artifact: other.onnx:40 is 40 % of that and 60 of the first. Up "
        "to three times.",
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
        help="Of the first artifact: then all are weights in any unit, not per cent.",
        rich_help_panel=_BLEND,
    ),
]
