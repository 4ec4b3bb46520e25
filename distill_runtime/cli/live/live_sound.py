"""What the instrument asks of a live stream: sliders, and controls where a model has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.generation.result import GenerationResult


class LiveSound(Protocol):
    """An endless sound under the hands, as `LiveStream` is. Any thread may call it.

    Attributes:
        artifact: What plays.
        channels: 1 or 2.
        drift: How far it wanders from its place, 0 to 1.
        hold: Whether the wandering stands still.
    """

    artifact: Artifact
    channels: int
    drift: float
    hold: bool

    @property
    def sample_rate_hz(self) -> int:
        """Of what is read."""
        ...

    @property
    def sliders(self) -> tuple[float, ...] | None:
        """Where the sliders stand; None while it walks."""
        ...

    @property
    def controls(self) -> Mapping[str, float]:
        """Where each control stands."""
        ...

    @property
    def seed(self) -> int:
        """Of the walk, or of the drift."""
        ...

    @property
    def underruns(self) -> int:
        """How many blocks were not ready."""
        ...

    @property
    def load(self) -> float:
        """Share of the time that rendering takes."""
        ...

    def take_peak(self) -> float:
        """Return the largest magnitude since this was last asked."""
        ...

    def read(self, samples: int) -> Float32Array:
        """Return the next samples, `[samples]` or `[2, samples]`."""
        ...

    def move_slider(self, slider: str | int, position: float) -> None:
        """Move one slider."""
        ...

    def set_sliders(self, positions: tuple[float, ...]) -> None:
        """Move all sliders."""
        ...

    def move_control(self, name: str, value: float) -> None:
        """Move one control."""
        ...

    def walk(self, seed: int) -> None:
        """Walk between the random anchors of a seed."""
        ...

    def record(self, seconds: float | None = None) -> GenerationResult:
        """Return what was heard last."""
        ...
