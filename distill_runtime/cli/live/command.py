"""`distill-run live ARTIFACT`: an instrument under the hands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distill_runtime.cli.arguments import (
    ArtifactArgument,
    ForceOption,
    ProviderOption,
    ThreadsOption,
    TrustOption,
)
from distill_runtime.cli.play.sound_options import (
    AzimuthOption,
    DepthOption,
    DistanceOption,
    ElevationOption,
    NearnessOption,
    SofaOption,
    WidthOption,
)

_SOUND, _STEREO, _DEVICE, _HANDS, _KEEPING = (
    "The sound to begin with",
    "Stereo",
    "The sound card",
    "MIDI and OSC",
    "Keeping it",
)


def _list_devices(requested: bool) -> None:
    if requested:
        from distill_runtime.cli.live.devices import list_devices  # noqa: PLC0415

        list_devices()
        raise typer.Exit


def live(
    artifact: ArtifactArgument,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            "-s",
            metavar="N",
            help="Walk through the random places of a seed, 0 to 4294967295; with sliders, the "
            "seed of the drift around them.",
            rich_help_panel=_SOUND,
        ),
    ] = None,
    slider: Annotated[
        list[str] | None,
        typer.Option(
            "--slider",
            metavar="SLIDER:STEPS",
            help="Set a slider, by label or index: Brightness:5 or 0:-2.5. Repeatable.",
            rich_help_panel=_SOUND,
        ),
    ] = None,
    control: Annotated[
        list[str] | None,
        typer.Option(
            "--control",
            metavar="NAME:STEPS",
            help="Set a control, if the artifact has any: Brightness:+3. Repeatable.",
            rich_help_panel=_SOUND,
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            metavar="FILE[:NAME]",
            help="Take sliders, seed and stereo from a file; other options go first.",
            rich_help_panel=_SOUND,
        ),
    ] = None,
    drift: Annotated[
        float | None,
        typer.Option(
            "--drift",
            metavar="0..1",
            help="How far the sound wanders around its sliders; 0 stands still. [default: 0.2]",
            rich_help_panel=_SOUND,
        ),
    ] = None,
    nearness: NearnessOption = None,
    stereo: Annotated[
        str | None,
        typer.Option(
            "--stereo",
            metavar="MODE",
            help="mono; mid-side, one sound spread over two channels; dual-seed, a voice for each; "
            "for headphones binaural, a sound at a place, and binaural-dual-seed, two. "
            "[default: mono]",
            rich_help_panel=_STEREO,
        ),
    ] = None,
    width: WidthOption = None,
    depth: DepthOption = None,
    azimuth: AzimuthOption = None,
    elevation: ElevationOption = None,
    distance: DistanceOption = None,
    sofa: SofaOption = None,
    device: Annotated[
        str | None,
        typer.Option(
            "--device",
            metavar="NAME|N|none",
            help="A part of its name, or its number; none plays to nowhere, at the same pace. "
            "[default: the system's own]",
            rich_help_panel=_DEVICE,
        ),
    ] = None,
    block: Annotated[
        int,
        typer.Option(
            "--block",
            metavar="SAMPLES",
            help="How many the device asks for at a time; 0 leaves it to the system.",
            rich_help_panel=_DEVICE,
        ),
    ] = 0,
    list_devices: Annotated[
        bool,
        typer.Option(
            "--list-devices",
            callback=_list_devices,
            is_eager=True,  # no artifact is needed
            help="Show the sound devices and MIDI ports that there are, and end.",
            rich_help_panel=_DEVICE,
        ),
    ] = False,
    midi: Annotated[
        str | None,
        typer.Option(
            "--midi",
            metavar="PORT",
            help="Play by a MIDI port, by a part of its name: controllers move faders, keys start "
            "seeds.",
            rich_help_panel=_HANDS,
        ),
    ] = None,
    midi_channel: Annotated[
        int | None,
        typer.Option(
            "--midi-channel",
            metavar="1..16",
            help="The only channel to listen to. [default: all]",
            rich_help_panel=_HANDS,
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping",
            metavar="FILE",
            help="Where learned controllers are kept; it need not be there yet.",
            rich_help_panel=_HANDS,
        ),
    ] = None,
    osc_in: Annotated[
        str | None,
        typer.Option(
            "--osc-in",
            metavar="PORT",
            help="Listen for OSC on this machine; HOST:PORT listens to the network.",
            rich_help_panel=_HANDS,
        ),
    ] = None,
    osc_out: Annotated[
        str | None,
        typer.Option(
            "--osc-out",
            metavar="HOST:PORT",
            help="Tell another program by OSC what moves, and the level.",
            rich_help_panel=_HANDS,
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record",
            metavar="FILE",
            help="Write what was played on leaving: .wav, .flac, .ogg or .mp3.",
            rich_help_panel=_KEEPING,
        ),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(
            "--duration",
            "-d",
            metavar="SECONDS",
            help="Leave by itself after so long.",
            rich_help_panel=_KEEPING,
        ),
    ] = None,
    no_page: Annotated[
        bool,
        typer.Option("--no-page", help="Play without the page in the terminal."),
    ] = False,
    force: ForceOption = False,
    provider: ProviderOption = "auto",
    threads: ThreadsOption = 0,
    trust: TrustOption = False,
) -> None:
    """Play an artifact live, by keys, mouse, MIDI and OSC.

    Example: `distill-run live ambience.onnx --stereo mid-side --midi launch --record take.flac`
    """
    from distill_runtime.cli.live.options import LiveOptions  # noqa: PLC0415
    from distill_runtime.cli.live.run import play_live  # noqa: PLC0415
    from distill_runtime.cli.stereo import StereoOptions  # noqa: PLC0415

    del list_devices
    play_live(
        LiveOptions(
            artifact=artifact,
            seed=seed,
            preset=preset,
            sliders=tuple(slider or ()),
            controls=tuple(control or ()),
            drift=drift,
            nearness=nearness,
            stereo=StereoOptions(
                mode=stereo,
                width=width,
                depth=depth,
                azimuth_deg=azimuth,
                elevation_deg=elevation,
                distance_m=distance,
                sofa=sofa,
            ),
            device=device,
            block=block,
            midi=midi,
            midi_channel=midi_channel,
            mapping=mapping,
            osc_in=osc_in,
            osc_out=osc_out,
            record=record,
            duration_s=duration,
            page=not no_page,
            force=force,
            provider=provider,
            threads=threads,
            trust=trust,
        )
    )
