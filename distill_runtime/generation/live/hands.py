"""What hands do to a live sound: every move, and where things stand."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy.typing as npt

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, finite
from distill_runtime.generation.live.beginning import checked_seed
from distill_runtime.generation.live.path import Path
from distill_runtime.generation.live.place import Place
from distill_runtime.latents.controls import (
    ControlSetting,
    ControlSteps,
    resolve_control,
    resolve_controls,
)
from distill_runtime.latents.nearness import check_nearness, resolve_nearness
from distill_runtime.latents.sliders import (
    SliderPositions,
    check_sliders,
    resolve_positions,
    resolve_slider,
)
from distill_runtime.latents.written_steps import plain_position


class Hands:
    """Turns moves into places; any thread may call any method.

    Attributes:
        artifact: What plays.
        stereo: One channel or two, and how the second is made.
    """

    def __init__(self, artifact: Artifact, stereo: StereoSettings, place: Place) -> None:
        self.artifact = artifact
        self.stereo = stereo
        self._place = place
        self._moving = threading.Lock()

    def _ask(self, place: Place, *, restart: bool = False) -> None:
        """Let the sound go to a place; with `restart` its wandering begins anew there."""
        self._place = place

    @property
    def latent(self) -> Float32Array:
        """The latent vector `[latent_dim]` that the sound is at, or drifts around.

        Raises:
            RequestError: It walks between anchors.
        """
        if self._place.walks:
            raise RequestError("the sound walks from anchor to anchor: there is no one vector")
        return Path(self.artifact, 1).vector(self._place)

    @property
    def sliders(self) -> tuple[float, ...] | None:
        """Where the sliders stand, in steps; None if it is not they that say where the sound is."""
        return self._place.sliders

    @property
    def controls(self) -> dict[str, float]:
        """Where every control of the artifact stands, in steps."""
        standing = dict(self._place.controls)
        return {c.name: standing.get(c.name, 0) for c in self.artifact.controls}

    @property
    def seed(self) -> int:
        """The seed of the walk or of the drift."""
        return self._place.seed

    @property
    def drift(self) -> float:
        """How far the sound wanders from its place, 0 to 1; it can be set."""
        return self._place.drift

    @drift.setter
    def drift(self, amount: float) -> None:
        self._move(drift=amount)

    @property
    def nearness(self) -> float:
        """How far all of it is pulled to where the recordings lie, 0 to 1; it can be set.

        Raises:
            RequestError: On setting: it is no such number, or the artifact does not know where.
        """
        return self._place.nearness

    @nearness.setter
    def nearness(self, amount: float) -> None:
        checked = check_nearness(amount)
        resolve_nearness(checked, self.artifact.landmarks, self.artifact.name)
        self._move(nearness=checked)

    @property
    def hold(self) -> bool:
        """Whether the wandering stands still; it can be set."""
        return self._place.hold

    @hold.setter
    def hold(self, hold: bool) -> None:
        self._move(hold=bool(hold))

    def move_to(self, vector: npt.ArrayLike) -> None:
        """Go to a latent vector `[latent_dim]`.

        Raises:
            RequestError: The vector does not fit the model.
        """
        checked = self.artifact.check_latent_vector(vector)
        self._move(vector=tuple(map(float, checked)), sliders=None)

    def set_sliders(self, positions: SliderPositions) -> None:
        """Go where sliders stand.

        Args:
            positions: One for each slider, or a mapping from labels or indices; the others then
                stand at 0.

        Raises:
            RequestError: The model has no sliders, or the positions are not right for them.
        """
        self._check_sliders()
        setting = resolve_positions(self.artifact.sliders, check_sliders(positions))
        self._move(sliders=setting.positions, vector=None)

    def move_slider(self, slider: str | int, position: float) -> None:
        """Move one slider and leave the others where they are, at 0 if they were nowhere.

        Raises:
            RequestError: There is no such slider, or the position is not right for it.
        """
        self._check_sliders()
        sliders = self.artifact.sliders
        index = resolve_slider(sliders, slider)
        value = finite(position)
        low, high = sliders[index].min_step, sliders[index].max_step
        if value is None or not (low <= value <= high or value == 0):
            raise RequestError(
                f"slider {brief(slider)} is set to {brief(position)}, expected a number from "
                f"{low} to {high}"
            )
        with self._moving:
            positions = list(self._place.sliders or [0] * len(sliders))
            positions[index] = plain_position(value)
            self._ask(replace(self._place, sliders=tuple(positions), vector=None))

    def set_controls(self, steps: ControlSteps) -> None:
        """Move the sound along its named controls, wherever it is.

        Args:
            steps: Name -> steps; the others go back to 0.

        Raises:
            RequestError: There is no such control, or its steps are not a number.
        """
        self._move(controls=_pairs(resolve_controls(self.artifact.controls, steps)))

    def move_control(self, name: str, steps: float) -> None:
        """Move one control and leave the others where they are.

        Raises:
            RequestError: There is no such control, or its steps are not a number.
        """
        with self._moving:
            asked = {**self.controls, resolve_control(self.artifact.controls, name).name: steps}
            setting = resolve_controls(self.artifact.controls, asked)
            self._ask(replace(self._place, controls=_pairs(setting)))

    def walk(self, seed: int) -> None:
        """Walk between the random anchors of a seed, from its first one on, as `generate` does.

        Raises:
            RequestError: The seed is not one.
        """
        checked = checked_seed(seed, self.stereo)
        with self._moving:
            place = replace(self._place, seed=checked, sliders=None, vector=None)
            self._ask(place, restart=True)

    def _check_sliders(self) -> None:
        if not self.artifact.sliders:
            raise RequestError("this model has no sliders: move to a latent vector instead")

    def _move(self, **changes: object) -> None:
        with self._moving:
            self._ask(replace(self._place, **changes))  # type: ignore[arg-type]


def _pairs(setting: ControlSetting) -> tuple[tuple[str, float], ...]:
    return tuple(setting.steps.items())
