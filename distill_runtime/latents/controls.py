"""Settings of controls: finding a control by its name, and the shift that its steps make.

A control moves the latent vector along one direction, wherever it is: at a slider's place, on a
random walk. It is called by its name, in upper or lower case, and set in steps, of which fractions
will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.contract import MAX_STEP, Control
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, finite
from distill_runtime.latents.written_steps import plain_position, split_steps

# What is asked of controls: name -> steps; those that are not named are not moved.
ControlSteps = Mapping[str, float]


@dataclass(frozen=True)
class ControlSetting:
    """What was asked of a model's controls.

    Attributes:
        steps: Name, as the model writes it, -> steps, in the model's order; none is 0.
        warnings: A line for each control that is set outside its safe range.
    """

    steps: dict[str, float]
    warnings: tuple[str, ...]


def parse_control(text: str) -> tuple[str, float]:
    """Read `NAME:STEPS`, split at the last colon.

    The model decides which names there are; see `resolve_controls`.

    Raises:
        RequestError: It is not of this form.
    """
    setting = split_steps(text)
    if setting is None:
        raise RequestError(
            f"the control setting is {brief(text)}, expected NAME:STEPS with a number of steps, as "
            "in Brightness:+3",
            setting="the control setting",
        )
    return setting


def check_controls(setting: object) -> dict[str, float] | None:
    """Return what was asked of controls as plain numbers, before it is known of which model.

    Args:
        setting: A mapping from names to steps; an empty one asks nothing, as None does.

    Raises:
        RequestError: It is no such mapping, a name is there twice, or a number of steps is not a
            finite number or is beyond any control's.
    """
    if setting is None:
        return None
    if not isinstance(setting, Mapping):
        raise RequestError(
            f"the controls are {brief(setting)}, expected a mapping from names to steps, as in "
            '{"Brightness": 3}'
        )
    checked: dict[str, float] = {}
    for name, steps in setting.items():
        if not isinstance(name, str):
            raise RequestError(f"a control is called {brief(name)}, expected its name")
        if _same(name) in map(_same, checked):
            raise RequestError(f"control {brief(name)} is set twice, expected once")
        value = finite(steps)
        if value is None or abs(value) > MAX_STEP:
            raise RequestError(
                f"control {brief(name)} is set to {brief(steps)}, expected a number of steps from "
                f"{-MAX_STEP} to {MAX_STEP}"
            )
        checked[name] = plain_position(value)
    return checked or None


def resolve_control(controls: Sequence[Control], name: str) -> Control:
    """Return the control that is called so, in upper or lower case.

    Raises:
        RequestError: There is no such control, or the model has none at all.
    """
    for control in controls:
        if _same(control.name) == _same(name):
            return control
    if not controls:
        raise RequestError(
            f"there is no control {brief(name)}: this artifact has none, export its model again"
        )
    there = ", ".join(control.name for control in controls)
    raise RequestError(f"there is no control {brief(name)}, expected one of {there}")


def resolve_controls(controls: Sequence[Control], setting: ControlSteps) -> ControlSetting:
    """Return what is asked of a model's controls.

    Raises:
        RequestError: A control is unknown or set twice, or its steps are not a number.
    """
    asked: dict[str, float] = {}
    for name, value in (check_controls(setting) or {}).items():
        asked[resolve_control(controls, name).name] = value
    steps = {c.name: asked[c.name] for c in controls if asked.get(c.name)}
    return ControlSetting(steps, tuple(_warnings(controls, steps)))


def set_controls(
    controls: Sequence[Control],
    assignments: Iterable[tuple[str, float]],
    *,
    base: ControlSteps | None = None,
) -> ControlSetting:
    """Set some controls, each once, and leave the others as they are.

    Args:
        controls: A model's.
        assignments: Name, steps.
        base: What was set before.

    Raises:
        RequestError: As `resolve_controls`, or one is assigned twice.
    """
    steps = dict(resolve_controls(controls, base or {}).steps)
    assigned: set[str] = set()
    for name, value in assignments:
        control = resolve_control(controls, name)
        if control.name in assigned:
            raise RequestError(f"control {control.name} is set twice, expected once")
        assigned.add(control.name)
        steps[control.name] = value
    return resolve_controls(controls, steps)


def control_shift(controls: Sequence[Control], setting: ControlSteps) -> Float32Array:
    """Return what controls add to every latent vector of a sound: `steps * step_size * direction`.

    Args:
        controls: A model's, at least one.
        setting: Name -> steps.

    Returns:
        `[latent_dim]`; the shift of two settings together is the sum of theirs.

    Raises:
        RequestError: A control is unknown or set twice, its steps are not a number, the model has
            no controls, or they lead beyond float32.
    """
    if not controls:
        raise RequestError("this artifact has no controls: export its model again")
    steps = resolve_controls(controls, setting).steps
    shift = np.zeros(len(controls[0].direction))
    with np.errstate(over="ignore", invalid="ignore"):
        for control in controls:
            if control.name in steps:
                distance = steps[control.name] * control.step_size
                shift += distance * np.array(control.direction)
        moved = shift.astype(np.float32)
    if not np.isfinite(moved).all():
        raise RequestError("the controls lead beyond float32: set them nearer to 0")
    return moved


def union_controls(models: Sequence[Sequence[Control]]) -> tuple[Control, ...]:
    """Return the controls that several models have between them, by name.

    Each is that of the first model that has it, with the safe range of all that have it. Its
    direction says nothing of the others: each model moves along its own.
    """
    union: dict[str, Control] = {}
    for control in (control for controls in models for control in controls):
        known = union.setdefault(_same(control.name), control)
        union[_same(control.name)] = replace(
            known,
            safe_min_step=max(known.safe_min_step, control.safe_min_step),
            safe_max_step=min(known.safe_max_step, control.safe_max_step),
        )
    return tuple(union.values())


def describe_controls(steps: ControlSteps) -> str:
    """Return what is set, in one line: "Brightness +3, Noise -1.5"."""
    return ", ".join(f"{name} {value:+g}" for name, value in steps.items())


def _same(name: str) -> str:
    return name.strip().casefold()


def _warnings(controls: Sequence[Control], steps: ControlSteps) -> list[str]:
    return [
        f"control {control.name} at {steps[control.name]:+g} is outside its safe range, "
        f"{control.safe_min_step} to {control.safe_max_step}: the sound may lose its character"
        for control in controls
        if control.name in steps
        and not control.safe_min_step <= steps[control.name] <= control.safe_max_step
    ]
