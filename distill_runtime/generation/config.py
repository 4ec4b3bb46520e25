"""What is to be generated."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from distill_runtime.audio.resample import check_sample_rate
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.contract import SAMPLE_RATE_HZ, Control, Slider
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, number
from distill_runtime.latents.controls import ControlSteps, check_controls, resolve_controls
from distill_runtime.latents.nearness import check_nearness
from distill_runtime.latents.seeds import SEED_LIMIT, check_seed
from distill_runtime.latents.sliders import (
    SliderPositions,
    check_sliders,
    random_positions,
    resolve_positions,
)
from distill_runtime.latents.trajectory import (
    check_duration,
    check_evolution,
    check_vector,
    steps_for_duration,
)

# Distill has two names for the same thing.
MODES = ("crossfade", "latent-interpolation")
_LEGACY_MODES = {"latent_interpolation": "latent-interpolation"}


@dataclass(frozen=True)
class GenerationConfig:
    """One sound, described completely.

    Attributes:
        duration_s: Length in seconds. It is part of the path through latent space: the same seed
            at another duration is another sound.
        seed: 0 to 2^32 - 1, or None to have one drawn, which the result then names.
        mode: "crossfade" or "latent-interpolation", which are the same: a walk between random
            anchors.
        sliders: Where sliders stand, in steps or fractions of them: a mapping from labels or
            indices ({"Brightness": 3, 1: -2.5}; the others stand at 0), or a position for each.
            The walk starts from there.
        latent_vector: `[latent_dim]`, to start from any other place; not beside `sliders`.
        evolution: How far the walk drifts from where it starts, 0 (not at all) to 1. It needs
            sliders or a latent vector.
        controls: How far controls are moved, name -> steps or fractions of them, from wherever the
            walk is: {"Brightness": 3} is the same sound, but brighter. None where none is.
        nearness: How far all of the path is pulled towards where the recordings lie, 0 (Distill's
            sound) to 1; controls then move it from there. None is the model's own default.
        stereo: One channel or two, and how the second is made.
        sample_rate_hz: 44,100, 48,000 or 96,000.
        fade_in_s: Seconds over which the sound rises from zero. The level is that of the sound
            without fades: between them it is the same, sample for sample.
        fade_out_s: Seconds over which it sinks to zero at its end.
        loop: Whether to make the sound one that can be played round and round: its walk comes back
            to where it began, and its end cross-fades into its beginning. It has no fades.

    Raises:
        RequestError: A value is out of bounds, or two exclude each other.
    """

    duration_s: float = 10.0
    seed: int | None = None
    mode: str = "crossfade"
    sliders: SliderPositions | None = field(default=None, hash=False)
    latent_vector: tuple[float, ...] | None = None
    evolution: float = 0.5
    stereo: StereoSettings = field(default_factory=StereoSettings)
    sample_rate_hz: int = SAMPLE_RATE_HZ
    controls: ControlSteps | None = field(default=None, hash=False)
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    loop: bool = False
    nearness: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sample_rate_hz", check_sample_rate(self.sample_rate_hz))
        # Plain numbers, whatever kind they were: a recipe holds them.
        duration_s = check_duration(self.duration_s, min(self.sample_rate_hz, SAMPLE_RATE_HZ))
        object.__setattr__(self, "duration_s", duration_s)
        object.__setattr__(self, "evolution", check_evolution(self.evolution))
        self._check_ends()
        if isinstance(self.mode, str):
            object.__setattr__(self, "mode", _LEGACY_MODES.get(self.mode, self.mode))
        if self.mode not in MODES:
            raise RequestError(
                f"mode is {brief(self.mode)}, expected {' or '.join(MODES)}", setting="mode"
            )
        if self.sliders is not None and self.latent_vector is not None:
            raise RequestError("there are sliders and a latent vector: give one of them")
        if self.latent_vector is not None:
            vector = check_vector(self.latent_vector)
            object.__setattr__(self, "latent_vector", tuple(map(float, vector)))
        if self.sliders is not None:
            object.__setattr__(self, "sliders", check_sliders(self.sliders))
        object.__setattr__(self, "controls", check_controls(self.controls))
        if self.nearness is not None:
            object.__setattr__(self, "nearness", check_nearness(self.nearness))
        if self.seed is not None:
            object.__setattr__(self, "seed", check_seed(self.seed))
            if self.stereo.input_channels == 2 and self.seed == SEED_LIMIT - 1:
                raise RequestError(
                    f"seed is {self.seed}, the last one: {self.stereo.mode} stereo takes the next "
                    f"for its right {'side' if self.stereo.is_binaural else 'channel'}, choose a "
                    "smaller one",
                    setting="seed",
                )

    def _check_ends(self) -> None:
        """Check the fades and the loop."""
        for name in ("fade_in_s", "fade_out_s"):
            seconds = number(getattr(self, name))
            if seconds is None or not 0.0 <= seconds < math.inf:
                raise RequestError(
                    f"{name} is {brief(getattr(self, name))}, expected seconds, 0 or more",
                    setting=name,
                )
            object.__setattr__(self, name, seconds)
        if not isinstance(self.loop, bool):
            raise RequestError(f"loop is {brief(self.loop)}, expected True or False")
        if self.loop and (self.fade_in_s or self.fade_out_s):
            raise RequestError("a loop goes on where it ends: leave out loop, or the fades")
        fades_s = self.fade_in_s, self.fade_out_s
        if (
            max(fades_s) > self.duration_s
            or self.fade_in_samples + self.fade_out_samples > self.samples
        ):
            raise RequestError(
                f"the fades take {sum(fades_s):g} s and the sound has "
                f"{self.duration_s:g}: shorten them"
            )

    @property
    def fade_in_samples(self) -> int:
        """Length of the fade at the beginning, in samples of one channel."""
        return round(self.fade_in_s * self.sample_rate_hz)

    @property
    def fade_out_samples(self) -> int:
        """Length of the fade at the end, in samples of one channel."""
        return round(self.fade_out_s * self.sample_rate_hz)

    @property
    def samples(self) -> int:
        """Length in samples of one channel."""
        return round(self.duration_s * self.sample_rate_hz)

    @property
    def steps(self) -> int:
        """Latent vectors of its trajectory."""
        return steps_for_duration(self.duration_s)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.stereo.output_channels

    def with_seed(self, seed: int | None = None, *, room: int = 1) -> GenerationConfig:
        """Return the same request with a seed.

        Args:
            seed: The seed; without one, the request's own, or a drawn one if it has none.
            room: How many seeds from the drawn one on must exist.
        """
        if seed is None:
            if self.seed is not None:
                return self
            seed = secrets.randbelow(SEED_LIMIT - room)
        return replace(self, seed=seed)

    def with_positions(self, sliders: Sequence[Slider]) -> GenerationConfig:
        """Return the same request with a position for each of a model's sliders.

        Raises:
            RequestError: A slider is unknown or ambiguous, or a position is outside its range.
        """
        if self.sliders is None:
            return self
        return replace(self, sliders=resolve_positions(sliders, self.sliders).positions)

    def with_controls(self, controls: Sequence[Control]) -> GenerationConfig:
        """Return the same request with a model's own names of controls, without those at 0.

        Raises:
            RequestError: A control is unknown.
        """
        if self.controls is None:
            return self
        return replace(self, controls=resolve_controls(controls, self.controls).steps)

    def with_random_sliders(self, sliders: Sequence[Slider]) -> GenerationConfig:
        """Return the same request from positions that its seed draws, within their safe ranges.

        Raises:
            RequestError: The model has no sliders.
        """
        return replace(self, sliders=random_positions(sliders, self.row_seeds[0]))

    @property
    def row_seeds(self) -> tuple[int, ...]:
        """The seed of each voice that is rendered: two for stereo of two seeds, else one."""
        assert self.seed is not None, "the seed was not drawn"
        return tuple(range(self.seed, self.seed + self.stereo.input_channels))
