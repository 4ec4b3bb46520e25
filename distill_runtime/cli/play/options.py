"""The options of `play`, and what they mean together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.session import SessionOptions
from distill_runtime.audio.resample import check_sample_rate
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.audio_file.container import AudioFormat, bit_depth_from_name, format_from_name
from distill_runtime.audio_file.pipe import RAW_ENCODINGS, RawEncoding
from distill_runtime.audio_file.size import least_bytes
from distill_runtime.audio_file.tags import Tags
from distill_runtime.cli.play.preset_name import split_preset_name
from distill_runtime.contract import SAMPLE_RATE_HZ, Slider
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.paths import fitted_name, is_character_device, is_device, is_folder
from distill_runtime.files.space import Need
from distill_runtime.generation.blend import LATENT, Blend
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.preset import Preset, Setting
from distill_runtime.latents.blend import check_weight
from distill_runtime.latents.seeds import SEED_LIMIT
from distill_runtime.latents.sliders import parse_slider, slider_positions

PIPE = Path("-")
_DEFAULT_WEIGHT = 50.0


@dataclass(frozen=True)
class PlayOptions:
    """The command line as it was given; None and empty mean that an option was not."""

    artifact: Path
    duration_s: float | None = None
    seed: int | None = None
    count: int = 1
    mode: str | None = None
    sliders: tuple[str, ...] = ()
    randomize: bool = False
    evolution: float | None = None
    preset: str | None = None
    save_preset: Path | None = None
    stereo: str | None = None
    width: float | None = None
    depth: float | None = None
    blend: tuple[str, ...] = ()
    blend_mode: str | None = None
    weight: float | None = None
    output: Path | None = None
    container: str | None = None
    sample_rate_hz: int = SAMPLE_RATE_HZ
    bit_depth: str | None = None
    title: str = ""
    artist: str = ""
    album: str = ""
    sidecar: bool = False
    raw: RawEncoding | None = None
    plot: bool = False
    listen: bool = False
    force: bool = False
    no_space_check: bool = False
    as_json: bool = False
    provider: str = "auto"
    threads: int = 0
    trust: bool = False

    @property
    def to_pipe(self) -> bool:
        """Whether the sound goes to stdout."""
        return self.output == PIPE

    @property
    def tags(self) -> Tags:
        """Title, artist and album."""
        return Tags(title=self.title, artist=self.artist, album=self.album)

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
            (self.blend_mode and not self.blend, "--blend-mode needs --blend FILE:WEIGHT"),
            (self.weight is not None and not self.blend, "--weight needs --blend FILE:WEIGHT"),
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
        _refuse(conflicts)

    def check_effect(self, config: GenerationConfig, blend: Blend) -> None:
        """Refuse options that would do nothing to what was made of them and of the preset.

        Raises:
            RequestError: It names the option and says what to do.
        """
        walks = config.sliders is None and not self.randomize and blend.is_single
        stereo = config.stereo.mode
        _refuse(
            (
                (
                    self.mode is not None and not walks,
                    "--mode is for walks without sliders, and without a blend: leave it out",
                ),
                (
                    self.evolution is not None and walks,
                    "--evolution is a drift from sliders: give --slider, --randomize or a "
                    "--preset that has some",
                ),
                (
                    self.width is not None and stereo != "mid-side",
                    "--width needs --stereo mid-side",
                ),
                (
                    self.depth is not None and stereo == "mono",
                    "--depth needs --stereo mid-side or dual-seed",
                ),
            )
        )

    def audio_format(self) -> AudioFormat:
        """Return what to write: as asked for, else by the file's name, else WAV.

        Raises:
            RequestError: There is no such format, it has no such bit depth or sampling rate, or
                the file's name says another one.
        """
        container = self.container
        named = self.output and not self._in_folder() and not is_character_device(self.output)
        if container is None and self.output and named and not self.to_pipe:
            container = format_from_name(self.output)
        depth = None if self.bit_depth is None else bit_depth_from_name(self.bit_depth)
        audio_format = AudioFormat(container or "wav", depth)
        if self.to_pipe and audio_format.container != "wav":
            raise RequestError(f"a pipe takes WAV or --raw, not {audio_format.container}")
        if self.output and named and not self.to_pipe:
            audio_format = AudioFormat.for_file(self.output, audio_format)
        audio_format.check_sample_rate(check_sample_rate(self.sample_rate_hz))
        return audio_format

    def path_for(self, config: GenerationConfig) -> Path:
        """Return where a sound goes: a name made of the artifact and the seed, if not given."""
        if self.output is not None and not self._in_folder():
            return self.output
        folder = self.output or Path()
        ending = f"_seed{config.seed}.{self.audio_format().container}"
        return folder / fitted_name(self.artifact.stem, ending, folder)

    def _in_folder(self) -> bool:
        return self.output is not None and (self.count > 1 or is_folder(self.output))

    def space_for_files(self, config: GenerationConfig) -> list[Need]:
        """Return what the sounds will take where they go; a pipe and a device take nothing."""
        path = self.path_for(config)
        if self.to_pipe or is_device(path):
            return []
        size_bytes = least_bytes(
            self.audio_format(), frames=config.samples, channels=config.channels
        )
        return [Need(path.parent, self.count * size_bytes, "the sound" + "s" * (self.count > 1))]

    def load_blend(self) -> Blend:
        """Load the artifact, and the others that it is to be blended with.

        Raises:
            RequestError: A weight is not one, or the models cannot be blended.
            ArtifactError: A file is not an artifact.
        """
        if not self.blend:
            return Blend.of(self._load(self.artifact))
        others = [parse_blend(text) for text in self.blend]
        weights = [_DEFAULT_WEIGHT if self.weight is None else self.weight]
        weights += [weight for _, weight in others]
        paths = [self.artifact, *(path for path, _ in others)]
        return Blend(list(map(self._load, paths)), weights, self.blend_mode or LATENT)

    def _load(self, artifact: Path) -> Artifact:
        return Artifact.load(artifact, options=self.session_options, trust=self.trust)

    def first_config(self, blend: Blend) -> tuple[GenerationConfig, tuple[str, ...]]:
        """Return the request for the first sound, and warnings about its sliders.

        Raises:
            RequestError: A value is out of bounds, or the preset belongs to other sliders.
        """
        preset = self._preset()
        kept = {} if preset is None else dict(preset.settings)
        sliders = blend.sliders
        base = () if preset is None else preset.kept.on(blend.artifacts[0].metadata) or ()
        positions: tuple[float, ...] | None = None
        warnings: tuple[str, ...] = ()
        if self.sliders or base:
            setting = slider_positions(sliders, map(parse_slider, self.sliders), base=base)
            positions, warnings = setting.positions, setting.warnings
        first = GenerationConfig(
            duration_s=self._number("duration_s", self.duration_s, kept, 10.0),
            seed=self.seed if self.seed is not None or preset is None else preset.seed,
            mode=self.mode or str(kept.get("mode", "crossfade")),
            sliders=positions,
            evolution=self._number("evolution", self.evolution, kept, 0.5),
            stereo=StereoSettings(
                self.stereo or str(kept.get("stereo", "mono")),
                width=self._number("width", self.width, kept, StereoSettings.width),
                depth=self._number("depth", self.depth, kept, StereoSettings.depth),
            ),
            sample_rate_hz=self.sample_rate_hz,
        ).with_seed(room=self.count)
        self.check_effect(first, blend)
        assert first.seed is not None, "the seed was not drawn"
        if first.seed + self.count > SEED_LIMIT:
            raise RequestError(
                f"{self.count} seeds from {first.seed} on go beyond {SEED_LIMIT - 1}: start lower"
            )
        return first.with_random_sliders(sliders) if self.randomize else first, warnings

    def configs(self, first: GenerationConfig, blend: Blend) -> Iterator[GenerationConfig]:
        """Yield a request for each sound, from the first one on.

        Raises:
            RequestError: The model has no sliders to draw.
        """
        assert first.seed is not None, "the seed was not drawn"
        for seed in range(first.seed, first.seed + self.count):
            config = first.with_seed(seed)
            yield config.with_random_sliders(blend.sliders) if self.randomize else config

    def _preset(self) -> Preset | None:
        if self.preset is None:
            return None
        path, name = split_preset_name(self.preset)
        return Preset.load(path, name=name)

    @staticmethod
    def _number(name: str, given: float | None, kept: dict[str, Setting], default: float) -> float:
        """Return what the command line says, else the preset, else the default."""
        return given if given is not None else float(kept.get(name, default))


def _refuse(conflicts: Iterable[tuple[object, str]]) -> None:
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


def parse_blend(text: str) -> tuple[Path, float]:
    r"""Read `FILE:WEIGHT`, split at the last colon.

    The weight cannot be left out, so that neither a drive letter (`C:\sea.onnx`) nor a mistyped
    number is ever taken for a part of the file's name.

    Raises:
        RequestError: It is not of this form, or the weight is not one.
    """
    file, _, number = text.rpartition(":")
    try:
        weight = float(number)
    except ValueError:
        weight = None
    if weight is None or not file.strip():
        raise RequestError(f"--blend is {brief(text)}, expected FILE:WEIGHT, as in other.onnx:40")
    return Path(file), check_weight(weight)


def describe_sliders(sliders: Sequence[Slider], positions: Sequence[float]) -> str:
    """Return the sliders that do not stand at 0, in one line."""
    moved = [
        f"{slider.label} {position:+g}"
        for slider, position in zip(sliders, positions, strict=True)
        if position
    ]
    return ", ".join(moved) or "every slider at 0"
