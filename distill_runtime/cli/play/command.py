"""`distill-run ARTIFACT`: render sounds to files, or to a pipe."""

from __future__ import annotations

import os

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
from distill_runtime.cli.cluster.options import (
    ClusterOption,
    ClusterOptions,
    RequestsOption,
    ShardFormatOption,
    ShardsOption,
    VerifyOption,
)
from distill_runtime.cli.length import parse_length
from distill_runtime.cli.play.file_options import (
    AlbumOption,
    ArtistOption,
    BitDepthOption,
    ContainerOption,
    DryRunOption,
    ListenOption,
    OutputOption,
    PlotOption,
    RawOption,
    SampleRateOption,
    SidecarOption,
    TitleOption,
)
from distill_runtime.cli.play.sound_options import (
    AzimuthOption,
    BarsOption,
    BeatsPerBarOption,
    BlendModeOption,
    BlendOption,
    BpmOption,
    ControlOption,
    CountOption,
    DepthOption,
    DistanceOption,
    DurationOption,
    ElevationOption,
    EvolutionOption,
    FadeInOption,
    FadeOutOption,
    LoopOption,
    ModeOption,
    NearnessOption,
    PresetOption,
    RandomizeOption,
    SavePresetOption,
    SeedOption,
    SliderOption,
    SofaOption,
    StereoOption,
    WeightOption,
    WidthOption,
)
from distill_runtime.cli.usage import typed_value


def play(
    context: typer.Context,
    artifact: ArtifactArgument,
    duration: DurationOption = None,
    bars: BarsOption = None,
    bpm: BpmOption = None,
    beats_per_bar: BeatsPerBarOption = None,
    seed: SeedOption = None,
    count: CountOption = 1,
    mode: ModeOption = None,
    nearness: NearnessOption = None,
    loop: LoopOption = None,
    fade_in: FadeInOption = None,
    fade_out: FadeOutOption = None,
    control: ControlOption = None,
    slider: SliderOption = None,
    randomize: RandomizeOption = False,
    evolution: EvolutionOption = None,
    preset: PresetOption = None,
    save_preset: SavePresetOption = None,
    stereo: StereoOption = None,
    width: WidthOption = None,
    depth: DepthOption = None,
    azimuth: AzimuthOption = None,
    elevation: ElevationOption = None,
    distance: DistanceOption = None,
    sofa: SofaOption = None,
    blend: BlendOption = None,
    blend_mode: BlendModeOption = None,
    weight: WeightOption = None,
    output: OutputOption = None,
    container: ContainerOption = None,
    sample_rate: SampleRateOption = 48_000,
    bit_depth: BitDepthOption = None,
    title: TitleOption = "",
    artist: ArtistOption = "",
    album: AlbumOption = "",
    sidecar: SidecarOption = False,
    raw: RawOption = None,
    dry_run: DryRunOption = False,
    cluster: ClusterOption = None,
    requests: RequestsOption = None,
    shards: ShardsOption = None,
    shard_format: ShardFormatOption = None,
    verify: VerifyOption = None,
    plot: PlotOption = False,
    listen: ListenOption = False,
    force: ForceOption = False,
    no_space_check: NoSpaceCheckOption = False,
    as_json: JsonOption = False,
    provider: ProviderOption = "auto",
    threads: ThreadsOption = 0,
    trust: TrustOption = False,
) -> None:
    """Generate sounds: what happens when you name an artifact and no command.

    Example: `distill-run ambience.onnx -d 10 --seed 7 --control Brightness:+3 -o bright.flac`
    """
    from distill_runtime.cli.play.options import PlayOptions, check_raw  # noqa: PLC0415
    from distill_runtime.cli.play.run import play_options  # noqa: PLC0415
    from distill_runtime.cli.stereo import StereoOptions  # noqa: PLC0415

    play_options(
        PlayOptions(
            artifact=artifact,
            duration_s=_seconds(duration, "duration_s"),
            bars=bars,
            bpm=bpm,
            beats_per_bar=beats_per_bar,
            seed=seed,
            count=count,
            mode=mode,
            nearness=nearness,
            controls=tuple(control or ()),
            sliders=tuple(slider or ()),
            randomize=randomize,
            evolution=evolution,
            preset=preset,
            save_preset=save_preset,
            stereo=StereoOptions(
                mode=stereo,
                width=width,
                depth=depth,
                azimuth_deg=azimuth,
                elevation_deg=elevation,
                distance_m=distance,
                sofa=sofa,
            ),
            blend=tuple(blend or ()),
            blend_mode=blend_mode,
            weight=weight,
            output=output,
            output_is_folder=_ends_in_a_slash(typed_value(context, "output")),
            container=container,
            sample_rate_hz=sample_rate,
            bit_depth=bit_depth,
            fade_in_s=_seconds(fade_in, "fade_in_s"),
            fade_out_s=_seconds(fade_out, "fade_out_s"),
            loop=loop,
            title=title,
            artist=artist,
            album=album,
            sidecar=sidecar,
            raw=check_raw(raw),
            plot=plot,
            listen=listen,
            dry_run=dry_run,
            force=force,
            no_space_check=no_space_check,
            as_json=as_json,
            provider=provider,
            threads=threads,
            trust=trust,
            cluster=ClusterOptions(
                address=cluster,
                requests=requests,
                shards=shards,
                shard_format=shard_format,
                verify=verify,
                destination=typed_value(context, "output"),
            ),
        )
    )


def _seconds(text: str | None, setting: str) -> float | None:
    return None if text is None else parse_length(text, setting=setting)


def _ends_in_a_slash(path: str | None) -> bool:
    """Whether a path names a folder, which `Path` forgets."""
    return path is not None and path.endswith(("/", os.sep))
