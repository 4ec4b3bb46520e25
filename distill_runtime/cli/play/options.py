"""The options of `play` as they were given, and which of them exclude each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from distill_runtime.artifact.session import SessionOptions
from distill_runtime.audio_file.pipe import RAW_ENCODINGS, RawEncoding
from distill_runtime.audio_file.tags import Tags
from distill_runtime.cli.cluster.options import ClusterOptions
from distill_runtime.cli.length import DEFAULT_BEATS_PER_BAR, seconds_of_bars
from distill_runtime.cli.stereo import StereoOptions
from distill_runtime.contract import SAMPLE_RATE_HZ
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.latents.seeds import SEED_LIMIT

PIPE = Path("-")


@dataclass(frozen=True)
class PlayOptions:
    """The command line as it was given; None and empty mean that an option was not."""

    artifact: Path
    duration_s: float | None = None
    bpm: float | None = None
    bars: float | None = None
    beats_per_bar: int | None = None
    seed: int | None = None
    count: int = 1
    mode: str | None = None
    nearness: float | None = None
    controls: tuple[str, ...] = ()
    sliders: tuple[str, ...] = ()
    randomize: bool = False
    evolution: float | None = None
    preset: str | None = None
    save_preset: Path | None = None
    stereo: StereoOptions = field(default_factory=StereoOptions)
    blend: tuple[str, ...] = ()
    blend_mode: str | None = None
    weight: float | None = None
    output: Path | None = None
    output_is_folder: bool = False
    container: str | None = None
    sample_rate_hz: int = SAMPLE_RATE_HZ
    fade_in_s: float | None = None
    fade_out_s: float | None = None
    loop: bool | None = None
    bit_depth: str | None = None
    title: str = ""
    artist: str = ""
    album: str = ""
    sidecar: bool = False
    raw: RawEncoding | None = None
    plot: bool = False
    listen: bool = False
    dry_run: bool = False
    force: bool = False
    no_space_check: bool = False
    as_json: bool = False
    provider: str = "auto"
    threads: int = 0
    trust: bool = False
    cluster: ClusterOptions = field(default_factory=ClusterOptions)

    @property
    def to_pipe(self) -> bool:
        """Whether the sound goes to stdout."""
        return self.output == PIPE

    @property
    def tags(self) -> Tags:
        """Title, artist and album."""
        return Tags(title=self.title, artist=self.artist, album=self.album)

    @property
    def length_s(self) -> float | None:
        """The length that was asked for, in seconds or in bars.

        Raises:
            RequestError: Bars or beats are not above 0.
        """
        if self.bars is None or self.bpm is None:
            return self.duration_s
        beats_per_bar = DEFAULT_BEATS_PER_BAR if self.beats_per_bar is None else self.beats_per_bar
        return seconds_of_bars(self.bars, bpm=self.bpm, beats_per_bar=beats_per_bar)

    @property
    def session_options(self) -> SessionOptions:
        """How onnxruntime is to run."""
        return SessionOptions(provider=self.provider, threads=self.threads)

    def check(self) -> None:
        """Refuse options that exclude each other, or that would do nothing.

        Raises:
            RequestError: It names the two options and says what to do.
        """
        if not 1 <= self.count < SEED_LIMIT:
            raise RequestError(f"-n is {brief(self.count)}, expected 1 to {SEED_LIMIT - 1}")
        conflicts = (
            (self.randomize and self.sliders, "--randomize and --slider set the same sliders"),
            (self.randomize and self.preset, "--randomize and --preset set the same sliders"),
            (self.blend_mode and not self.blend, "--blend-mode needs --blend FILE:PERCENT"),
            (self.weight is not None and not self.blend, "--weight needs --blend FILE:PERCENT"),
            (
                self.bars is not None and self.duration_s is not None,
                "--bars and -d both say how long the sound is: leave one of them out",
            ),
            (self.bars is not None and self.bpm is None, "--bars needs --bpm, the beats a minute"),
            (self.bpm is not None and self.bars is None, "--bpm needs --bars, how many there are"),
            (
                self.beats_per_bar is not None and self.bars is None,
                "--beats-per-bar needs --bpm and --bars",
            ),
            (self.loop and self.fade_in_s, "--loop and --fade-in exclude each other"),
            (self.loop and self.fade_out_s, "--loop and --fade-out exclude each other"),
            (self.dry_run and self.listen, "--dry-run makes no sound that --play could play"),
            (self.save_preset and self.blend, "--save-preset keeps one model's sliders, no blend"),
            (self.raw and not self.to_pipe, "--raw is for a pipe: give -o -"),
            (self.raw and self.container, "--raw and --format exclude each other"),
            (self.raw and self.bit_depth, "--raw and --bit-depth exclude each other"),
            (self.raw and self.tags != Tags(), "--raw has no place for a title, artist or album"),
            (self.listen and self.count > 1, "--play plays one sound: leave out -n"),
            (self.to_pipe and self.count > 1, "-o - takes one sound: leave out -n"),
            (self.to_pipe and self.sidecar, "-o - leaves no file that a --sidecar could be beside"),
            (self.to_pipe and self.plot, "-o - leaves no file that a --plot could be beside"),
        )
        refuse(conflicts)


def refuse(conflicts: Iterable[tuple[object, str]]) -> None:
    """Refuse what options say together.

    Args:
        conflicts: Whether there is a conflict, and what to say of it.

    Raises:
        RequestError: There is one.
    """
    for conflict, message in conflicts:
        if conflict:
            raise RequestError(message)


def check_raw(raw: str | None) -> RawEncoding | None:
    """Return the encoding of `--raw`.

    Raises:
        RequestError: There is no such encoding.
    """
    for encoding in RAW_ENCODINGS:
        if raw == encoding:
            return encoding
    if raw is None:
        return None
    raise RequestError(f"--raw is {brief(raw)}, expected one of {', '.join(RAW_ENCODINGS)}")
