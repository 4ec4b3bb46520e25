"""Faders: everything that a hand can move, under one description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.one_line import one_line
from distill_runtime.latents.nearness import unknown_recordings
from distill_runtime.latents.sliders import distinct_labels, resolve_slider

SLIDER, CONTROL = "slider", "control"
DRIFT, NEARNESS, LEVEL = "drift", "nearness", "level"
KINDS = (SLIDER, CONTROL, DRIFT, NEARNESS, LEVEL)
_CONTROL_STEPS = 10.0  # as far as a slider goes


@dataclass(frozen=True)
class Fader:
    """Something that is moved between two ends.

    Attributes:
        kind: One of `KINDS`.
        name: What it is called in files and messages: a slider's label, a control's name.
        index: Which one of its kind, from 0.
        low: Its lower end, in steps for sliders and controls.
        high: Its upper end.
        rest: Where a reset leaves it.
        step: What a key moves it by.
        safe: From where to where the model knows what it does.
        warning: From where to where it still makes sense.
    """

    kind: str
    name: str
    index: int
    low: float
    high: float
    rest: float
    step: float
    safe: tuple[float, float]
    warning: tuple[float, float]

    @property
    def title(self) -> str:
        """The name as one line that no terminal obeys."""
        return one_line(self.name) or f"{self.kind} {self.index}"

    def within(self, value: float) -> float:
        """Return the nearest value between its ends, without the dust of binary fractions."""
        return round(min(max(value, self.low), self.high), 6)

    def at(self, share: float) -> float:
        """Return the value at a share, 0..1, of its way."""
        return self.low + share * (self.high - self.low)


def faders_of(artifact: Artifact) -> tuple[Fader, ...]:
    """Return what can be moved while an artifact plays.

    Controls, sliders, drift, nearness if it knows where its recordings lie, and level.
    """
    sliders = [
        Fader(
            kind=SLIDER,
            name=name,
            index=index,
            low=float(slider.min_step),
            high=float(slider.max_step),
            rest=0.0,
            step=1.0,
            safe=(slider.safe_min_step, slider.safe_max_step),
            warning=(slider.warning_min_step, slider.warning_max_step),
        )
        for index, (name, slider) in enumerate(
            zip(distinct_labels(artifact.sliders), artifact.sliders, strict=True)
        )
    ]
    named = [
        Fader(
            kind=CONTROL,
            name=control.name,
            index=index,
            low=min(-_CONTROL_STEPS, control.safe_min_step),
            high=max(_CONTROL_STEPS, control.safe_max_step),
            rest=0.0,
            step=1.0,
            safe=(control.safe_min_step, control.safe_max_step),
            warning=(control.safe_min_step, control.safe_max_step),
        )
        for index, control in enumerate(artifact.controls)
    ]
    landmarks = artifact.landmarks
    near = [] if landmarks is None else [_amount(NEARNESS, rest=landmarks.default)]
    return (*named, *sliders, _amount(DRIFT, rest=0.0), *near, _amount(LEVEL, rest=1.0))


def find_fader(faders: Sequence[Fader], kind: str, name: str | int) -> Fader:
    """Return the fader of a kind that a name or an index means; amounts are one of their kind.

    Raises:
        RequestError: There is none.
    """
    fitting = [fader for fader in faders if fader.kind == kind]
    if kind in (DRIFT, NEARNESS, LEVEL):
        if not fitting:  # as only nearness can be
            raise unknown_recordings("this artifact")
        return fitting[0]
    wanted = str(name).strip().casefold()
    for fader in fitting:
        if wanted in (fader.name.casefold(), str(fader.index)):
            return fader
    known = ", ".join(f"{fader.index} {fader.title}" for fader in fitting[:16]) or "none"
    raise RequestError(f"there is no {kind} {brief(name)}: this model has {known}")


def find_slider(artifact: Artifact, faders: Sequence[Fader], name: str | int) -> Fader:
    """Return the fader of the slider that a label, a name, a word or an index means.

    Raises:
        RequestError: There is no such slider, or there are several.
    """
    return find_fader(faders, SLIDER, resolve_slider(artifact.sliders, name))


def _amount(kind: str, *, rest: float) -> Fader:
    whole = (0.0, 1.0)
    return Fader(kind, kind.capitalize(), 0, *whole, rest, 0.05, safe=whole, warning=whole)
