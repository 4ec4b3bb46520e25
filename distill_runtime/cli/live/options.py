"""The options of `live`, and how the sound begins by them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.session import SessionOptions
from distill_runtime.cli.live.midi.mapping import CHANNELS
from distill_runtime.cli.live.osc.endpoint import parse_endpoint
from distill_runtime.cli.live.output_level import MAX_BLOCK
from distill_runtime.cli.live.recorder import check_recording
from distill_runtime.cli.play.preset_name import split_preset_name
from distill_runtime.cli.stereo import StereoOptions
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import finite
from distill_runtime.generation.preset import Preset
from distill_runtime.latents.controls import parse_control
from distill_runtime.latents.nearness import check_nearness
from distill_runtime.latents.seeds import check_seed
from distill_runtime.latents.sliders import parse_slider, slider_positions

_DRIFT = 0.2  # at rest a step repeats itself, which is no sound to begin with
_KEPT_S, _RECORDED_S = 120.0, 900.0  # a second of a voice takes 0.2 MB
_Endpoint = tuple[str, int]


@dataclass(frozen=True)
class LiveOptions:
    """The command line as it was given; None and empty mean that an option was not."""

    artifact: Path
    seed: int | None = None
    preset: str | None = None
    sliders: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    drift: float | None = None
    nearness: float | None = None
    stereo: StereoOptions = field(default_factory=StereoOptions)
    device: str | None = None
    block: int = 0
    midi: str | None = None
    midi_channel: int | None = None
    mapping: Path | None = None
    osc_in: str | None = None
    osc_out: str | None = None
    record: Path | None = None
    duration_s: float | None = None
    page: bool = True
    force: bool = False
    provider: str = "auto"
    threads: int = 0
    trust: bool = False

    def check(self) -> None:
        """Refuse what does not fit together, before anything is loaded.

        Raises:
            RequestError: Something does not.
        """
        if self.seed is not None:
            check_seed(self.seed)
        if not 0 <= self.block <= MAX_BLOCK:
            raise RequestError(f"--block is {self.block}, expected 1 to {MAX_BLOCK}, or 0")
        if self.midi_channel is not None and not 1 <= self.midi_channel <= CHANNELS:
            raise RequestError(f"--midi-channel is {self.midi_channel}, expected 1 to {CHANNELS}")
        if self.midi is None and self.midi_channel is not None:
            raise RequestError("--midi-channel is for --midi, which is not given")
        if self.drift is not None and not 0.0 <= self.drift <= 1.0:
            raise RequestError(f"--drift is {self.drift:g}, expected a number from 0 to 1")
        if self.nearness is not None:
            check_nearness(self.nearness)
        length = self.duration_s
        if length is not None and (finite(length) is None or length <= 0):
            raise RequestError(f"--duration is {length:g}, expected seconds, more than 0")
        _ = self.osc_in_endpoint, self.osc_out_endpoint, self._control_settings
        if self.record is not None:
            check_recording(self.record, overwrite=self.force)

    @property
    def osc_in_endpoint(self) -> _Endpoint | None:
        """Where OSC comes in."""
        return None if self.osc_in is None else parse_endpoint(self.osc_in, option="--osc-in")

    @property
    def osc_out_endpoint(self) -> _Endpoint | None:
        """Where OSC goes out."""
        return None if self.osc_out is None else parse_endpoint(self.osc_out, option="--osc-out")

    @property
    def _control_settings(self) -> dict[str, float]:
        return dict(map(parse_control, self.controls))

    def load_artifact(self) -> Artifact:
        """Load what plays.

        Raises:
            ArtifactError: It is not one.
        """
        session = SessionOptions(provider=self.provider, threads=self.threads)
        return Artifact.load(self.artifact, options=session, trust=self.trust)

    def start(self, artifact: Artifact) -> dict[str, Any]:
        """Return how the stream begins, as the arguments of `LiveStream`.

        Raises:
            RequestError: A slider or a control is not one, or the preset is of other sliders.
        """
        path, name = (None, None) if self.preset is None else split_preset_name(self.preset)
        preset = None if path is None else Preset.load(path, name=name)
        settings = {} if preset is None else dict(preset.settings)
        base = () if preset is None else preset.kept.on(artifact.metadata) or ()
        start: dict[str, Any] = {
            "seed": self.seed if self.seed is not None or preset is None else preset.seed,
            "stereo": self.stereo.settings(settings, Path() if path is None else path.parent),
            "drift": _DRIFT if self.drift is None else self.drift,
            "nearness": settings.get("nearness") if self.nearness is None else self.nearness,
            "keep_s": _KEPT_S if self.record is None else _RECORDED_S,
        }
        if self.sliders or base:
            chosen = slider_positions(artifact.sliders, map(parse_slider, self.sliders), base=base)
            start["sliders"] = chosen.positions
        kept = None if preset is None else preset.controls_on(artifact.controls)
        if controls := {**(kept or {}), **self._control_settings}:
            start["controls"] = controls
        return start
