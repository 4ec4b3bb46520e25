"""What is to be generated."""

from __future__ import annotations

import numbers
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from distill_runtime.audio.resample import check_sample_rate
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.errors import RequestError
from distill_runtime.latents.seeds import SEED_LIMIT, check_seed
from distill_runtime.latents.trajectory import check_duration, check_evolution, check_vector

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
        sliders: A position for each slider of the model, in steps: the walk starts from there.
        latent_vector: `[latent_dim]`, to start from any other place; not beside `sliders`.
        evolution: How far the walk drifts from where it starts, 0 (not at all) to 1. It needs
            sliders or a latent vector.
        stereo: One channel or two, and how the second is made.
        sample_rate_hz: 44,100, 48,000 or 96,000.
        audio_format: What `save` writes.

    Raises:
        RequestError: A value is out of bounds, or two exclude each other.
    """

    duration_s: float = 10.0
    seed: int | None = None
    mode: str = "crossfade"
    sliders: tuple[int, ...] | None = None
    latent_vector: tuple[float, ...] | None = None
    evolution: float = 0.5
    stereo: StereoSettings = field(default_factory=StereoSettings)
    sample_rate_hz: int = 48_000
    audio_format: AudioFormat = field(default_factory=AudioFormat)

    def __post_init__(self) -> None:
        check_sample_rate(self.sample_rate_hz)
        # Plain numbers, whatever kind they were: a recipe holds them.
        duration_s = check_duration(self.duration_s, min(self.sample_rate_hz, 48_000))
        object.__setattr__(self, "duration_s", duration_s)
        object.__setattr__(self, "evolution", check_evolution(self.evolution))
        self.audio_format.check_sample_rate(self.sample_rate_hz)
        object.__setattr__(self, "mode", _LEGACY_MODES.get(self.mode, self.mode))
        if self.mode not in MODES:
            raise RequestError(f"the mode is {self.mode!r}, expected {' or '.join(MODES)}")
        if self.sliders is not None and self.latent_vector is not None:
            raise RequestError("there are sliders and a latent vector: give one of them")
        if self.latent_vector is not None:
            vector = check_vector(self.latent_vector)
            object.__setattr__(self, "latent_vector", tuple(map(float, vector)))
        if self.sliders is not None:
            object.__setattr__(self, "sliders", tuple(map(_plain, self.sliders)))
            if not self.sliders:
                raise RequestError("there are no slider positions: leave the sliders out (None)")
        if self.seed is not None:
            object.__setattr__(self, "seed", check_seed(self.seed))
            if self.stereo.mode == "dual-seed" and self.seed == SEED_LIMIT - 1:
                raise RequestError(
                    f"the seed is {self.seed}, the last one: dual-seed stereo takes the next for "
                    "its right channel, choose a smaller one"
                )

    @property
    def samples(self) -> int:
        """Length in samples of one channel."""
        return round(self.duration_s * self.sample_rate_hz)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return 1 if self.stereo.mode == "mono" else 2

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

    def with_sliders(self, positions: tuple[int, ...]) -> GenerationConfig:
        """Return the same request from other slider positions."""
        return replace(self, sliders=positions)

    @property
    def row_seeds(self) -> tuple[int, ...]:
        """The seed of each voice that is rendered: two for dual-seed stereo, else one."""
        assert self.seed is not None, "the seed was not drawn"
        return (self.seed, self.seed + 1) if self.stereo.mode == "dual-seed" else (self.seed,)


def _plain(position: object) -> Any:
    """Return a position as a plain int; what is none is for the model's sliders to refuse."""
    integral = isinstance(position, numbers.Integral) and not isinstance(position, bool)
    return int(position) if integral else position  # type: ignore[call-overload]
