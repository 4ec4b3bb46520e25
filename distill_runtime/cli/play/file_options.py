"""Options of `play` that say what becomes of the sound: the file, and a look and a listen at it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_FILE, _AFTER = "The file", "Looking and listening"

OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="A file, a folder, or - for a pipe. Without it ARTIFACT_seedSEED.wav here. A folder "
        "is made if its name ends in / or with -n.",
        rich_help_panel=_FILE,
    ),
]
ContainerOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="wav|flac|ogg|mp3",
        help="Without it the file's name decides, or wav; it cannot contradict the name.",
        rich_help_panel=_FILE,
    ),
]
SampleRateOption = Annotated[
    int,
    typer.Option(
        "--sample-rate", metavar="44100|48000|96000", help="In Hz.", rich_help_panel=_FILE
    ),
]
BitDepthOption = Annotated[
    str | None,
    typer.Option(
        "--bit-depth",
        metavar="16|24|32-float",
        help="Of WAV and FLAC. [default: 24]",
        rich_help_panel=_FILE,
    ),
]
TitleOption = Annotated[str, typer.Option("--title", help="A tag.", rich_help_panel=_FILE)]
ArtistOption = Annotated[str, typer.Option("--artist", help="A tag.", rich_help_panel=_FILE)]
AlbumOption = Annotated[str, typer.Option("--album", help="A tag.", rich_help_panel=_FILE)]
SidecarOption = Annotated[
    bool,
    typer.Option("--sidecar", help="Write the recipe beside the file, too.", rich_help_panel=_FILE),
]
RawOption = Annotated[
    str | None,
    typer.Option(
        "--raw",
        metavar="f32|s16",
        help="With -o -: bare samples instead of WAV.",
        rich_help_panel=_FILE,
    ),
]
DryRunOption = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Say what would be made, where, how long and how large, and write nothing.",
        rich_help_panel=_FILE,
    ),
]
PlotOption = Annotated[
    bool,
    typer.Option(
        "--plot",
        help="Draw waveform and spectrogram beside the file (needs matplotlib).",
        rich_help_panel=_AFTER,
    ),
]
ListenOption = Annotated[
    bool,
    typer.Option("--play", help="Play it aloud (needs sounddevice).", rich_help_panel=_AFTER),
]
