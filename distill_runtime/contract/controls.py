"""The controls in the metadata: directions of the latent space that are named by what is heard."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from distill_runtime.contract.sliders import MAX_STEP
from distill_runtime.errors import ArtifactError
from distill_runtime.files.checks import brief
from distill_runtime.files.json_fields import JsonFields

MAX_CONTROLS = 64
MAX_NAME = 40

_UNIT_LENGTH = 1e-3  # how far the written length of a direction may be from 1


@dataclass(frozen=True)
class Control:
    """One direction of the latent space, the same from anywhere, played in steps.

    So many steps move the latent vector by `steps * step_size * direction`, wherever it is. All
    that is said of the sound was measured at export, over random latent vectors.
    """

    name: str
    direction: tuple[float, ...]  # [latent_dim], unit length
    step_size: float  # above 0
    safe_min_step: int  # 0 or below
    safe_max_step: int  # 0 or above
    unit: str  # of what one step changes: "dB", "octaves"
    change_per_step: float  # in that unit, on average over the safe range
    correlation: float  # rank correlation of steps and what is heard, mean over places, -1..1
    leak: float  # largest change of what another control is named for, own change being 1
    leaks_into: str | None  # whose that is; None of an only control
    places: int  # random latent vectors that it was measured at
    is_level: bool  # whether it changes the level, which normalising would take back

    @classmethod
    def from_fields(cls, fields: JsonFields, latent_dim: int) -> Control:
        """Read one object of "controls"."""
        control = cls(
            name=fields.text("name"),
            direction=fields.numbers("direction", latent_dim),
            step_size=fields.number_within("step_size", 0.0, math.inf),
            safe_min_step=fields.integer("safe_min_step", -MAX_STEP, 0),
            safe_max_step=fields.integer("safe_max_step", 0, MAX_STEP),
            unit=fields.text("unit"),
            change_per_step=fields.number("change_per_step"),
            correlation=fields.number_within("correlation", -1.0, 1.0),
            leak=fields.number_within("leak", 0.0, math.inf),
            leaks_into=fields.optional_text("leaks_into"),
            places=fields.integer("places", 1, 2**31),
            is_level=fields.boolean("is_level"),
        )
        with fields.about():
            control._check()
        return control

    def _check(self) -> None:
        name = self.name
        if not name.isprintable() or name != name.strip() or not 0 < len(name) <= MAX_NAME:
            raise ArtifactError(
                f"a control is called {brief(name)}, expected 1 to {MAX_NAME} printable characters"
            )
        if ":" in name:
            raise ArtifactError(f"a control is called {brief(name)}, expected a name without colon")
        if self.step_size <= 0.0:
            raise ArtifactError(f"control {brief(name)} has the step_size 0, expected one above 0")
        # Halved first: squares of numbers near the largest are infinite, and no unit length.
        length = math.hypot(*(value / 2.0 for value in self.direction)) * 2.0
        if not abs(length - 1.0) <= _UNIT_LENGTH:
            raise ArtifactError(
                f"control {brief(name)} has a direction of length {length:.4g}, expected 1"
            )

    def document(self) -> dict[str, Any]:
        """Return the object as JSON has it."""
        return {**vars(self), "direction": list(self.direction)}


def read_controls(fields: Sequence[JsonFields], latent_dim: int) -> tuple[Control, ...]:
    """Read the list "controls".

    Raises:
        ArtifactError: There are too many, two have the same name, or one is not as it should be.
    """
    if len(fields) > MAX_CONTROLS:
        raise ArtifactError(
            f"its metadata has {len(fields)} controls, expected at most {MAX_CONTROLS}"
        )
    controls = tuple(Control.from_fields(control, latent_dim) for control in fields)
    names = [control.name.casefold() for control in controls]
    for control in controls:
        if names.count(control.name.casefold()) > 1:
            raise ArtifactError(
                f"its metadata has several controls called {brief(control.name)}, expected one"
            )
    return controls
