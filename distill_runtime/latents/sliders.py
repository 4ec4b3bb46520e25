"""Positions of sliders: finding a slider, setting it, and the latent vector that results.

A slider is called by its index, which counts from 0 as in Distill, by its label
("PC1 (Brightness)"), its name ("PC1") or the word in parentheses ("Brightness").
"""

from __future__ import annotations

import numbers
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.contract import Slider, SliderBank
from distill_runtime.errors import RequestError
from distill_runtime.latents.seeds import check_seed

_WORD = re.compile(r"\(([^()]*)\)\s*$")
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,6}")
_MAX_LISTED = 16


@dataclass(frozen=True)
class SliderSetting:
    """Where all sliders of a model stand.

    Attributes:
        positions: In steps, one for each slider.
        warnings: A line for each slider that stands outside its safe range.
    """

    positions: tuple[int, ...]
    warnings: tuple[str, ...]


def resolve_slider(sliders: Sequence[Slider], name_or_index: str | int) -> int:
    """Return the index of the slider that is meant.

    Args:
        sliders: All sliders of a model.
        name_or_index: An index from 0 (as a text, too), a label, a name or the word in
            parentheses; upper and lower case are the same.

    Raises:
        RequestError: There is no such slider, there are several, or the model has none at all.
    """
    _check_any(sliders)
    index = _index(name_or_index)
    if index is not None:
        if not 0 <= index < len(sliders):
            raise RequestError(f"there is no slider {index}, expected one of {_listed(sliders)}")
        return index
    wanted = str(name_or_index).strip().casefold()
    # A whole label is never ambiguous because the name or the word of another slider is the same.
    for called in (
        distinct_labels(sliders),
        [slider.label for slider in sliders],
        [slider.name for slider in sliders],
        [_word(slider) for slider in sliders],
    ):
        fitting = [i for i, text in enumerate(called) if wanted and text.casefold() == wanted]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise RequestError(
                f"{name_or_index!r} fits {len(fitting)} sliders, {_listed(sliders, fitting)}: "
                "give the index of one"
            )
    raise RequestError(f"there is no slider {name_or_index!r}, expected one of {_listed(sliders)}")


def parse_slider(text: str) -> tuple[str, int]:
    """Read `LABEL:POSITION` or `INDEX:POSITION`, split at the last colon.

    The model decides which labels and which positions there are; see `slider_positions`.

    Returns:
        The label or the index as it was written, and the position.

    Raises:
        RequestError: It is not of this form.
    """
    label, colon, position = (part.strip() for part in text.rpartition(":"))
    if not (label and colon and _WHOLE_NUMBER.fullmatch(position)):
        raise RequestError(
            f"the slider setting is {text!r}, expected LABEL:POSITION or INDEX:POSITION with a "
            "whole number of steps, as in Brightness:5 or 0:-3"
        )
    return label, int(position)


def slider_positions(
    sliders: Sequence[Slider],
    assignments: Iterable[tuple[str | int, int]],
    *,
    base: Sequence[int] = (),
) -> SliderSetting:
    """Set some sliders and leave the others where they are.

    Args:
        sliders: All sliders of a model.
        assignments: Which slider (see `resolve_slider`) goes to which position, in steps.
        base: Where the sliders stand before, from the first on; those beyond stand at 0.

    Raises:
        RequestError: A slider is unknown, ambiguous or set twice, or a position is outside its
            range.
    """
    positions = [*base, *[0] * (len(sliders) - len(base))]
    assigned: set[int] = set()
    for name_or_index, position in assignments:
        index = resolve_slider(sliders, name_or_index)
        if index in assigned:
            raise RequestError(f"slider {_titled(sliders, index)} is set twice, expected once")
        assigned.add(index)
        positions[index] = position
    checked = check_positions(sliders, positions)
    return SliderSetting(checked, tuple(_warnings(sliders, checked)))


def check_positions(sliders: Sequence[Slider], positions: Sequence[int]) -> tuple[int, ...]:
    """Return the positions as plain ints.

    Args:
        sliders: All sliders of a model.
        positions: In steps, one for each slider; 0 is always allowed.

    Raises:
        RequestError: There are more or fewer positions than sliders, one is not an integer or
            outside its slider's range.
    """
    if len(positions):
        _check_any(sliders)
    if len(positions) != len(sliders):
        raise RequestError(
            f"there are {len(positions)} slider positions, expected one for each of the "
            f"{len(sliders)} sliders"
        )
    for i, (slider, position) in enumerate(zip(sliders, positions, strict=True)):
        expected = f"expected a whole number from {slider.min_step} to {slider.max_step}"
        if isinstance(position, bool | np.bool_) or not isinstance(position, numbers.Integral):
            raise RequestError(f"slider {_titled(sliders, i)} is set to {position!r}, {expected}")
        if position and not slider.min_step <= position <= slider.max_step:
            raise RequestError(f"slider {_titled(sliders, i)} is set to {position}, {expected}")
    return tuple(map(int, positions))


def random_positions(sliders: Sequence[Slider], seed: int) -> tuple[int, ...]:
    """Draw a position within the safe range of every slider, as Distill does for a seed.

    A slider without any safe position stays at 0.

    Raises:
        RequestError: The seed is not one, or the model has no sliders.
    """
    _check_any(sliders)
    generator = np.random.default_rng(check_seed(seed))
    positions = []
    for slider in sliders:
        low = max(slider.safe_min_step, slider.min_step)
        high = min(slider.safe_max_step, slider.max_step)
        positions.append(int(generator.integers(low, high + 1)) if low <= high else 0)
    return tuple(positions)


def latent_vector(bank: SliderBank, positions: Sequence[int]) -> Float32Array:
    """Return where the sliders lead: the mean, and from there `position` steps along each.

    Args:
        bank: A model's sliders.
        positions: In steps, one for each slider.

    Returns:
        `[latent_dim]`.

    Raises:
        RequestError: The positions are not right for these sliders (see `check_positions`), or
            the vector is beyond float32.
    """
    checked = check_positions(bank.sliders, positions)
    # Float32, one slider after the other, as in Distill: so the vector is its own, bit for bit.
    with np.errstate(over="ignore", invalid="ignore"):
        vector = np.array(bank.mean, np.float32)
        for slider, position in zip(bank.sliders, checked, strict=True):
            distance = np.float32(position) * np.float32(slider.step_size)
            vector += distance * np.array(slider.component, np.float32)
    if not np.isfinite(vector).all():
        raise RequestError("the sliders lead beyond float32: set them nearer to 0")
    return vector


def distinct_labels(sliders: Sequence[Slider]) -> tuple[str, ...]:
    """Return a text for each slider that no other has: its label, numbered if some are shared."""
    labels = tuple(slider.label for slider in sliders)
    if len(set(labels)) == len(labels):
        return labels
    return tuple(f"{i} {label}" for i, label in enumerate(labels))


def _check_any(sliders: Sequence[Slider]) -> None:
    if not sliders:
        raise RequestError("this model has no sliders: leave the slider settings out")


def _index(name_or_index: str | int) -> int | None:
    """Return an index if that is what it is, None for a label."""
    if isinstance(name_or_index, numbers.Integral) and not isinstance(name_or_index, bool):
        return int(name_or_index)
    text = str(name_or_index).strip()
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None


def _word(slider: Slider) -> str:
    """Return the word in parentheses that ends a label, or an empty text."""
    match = _WORD.search(slider.label)
    return match[1].strip() if match else ""


def _warnings(sliders: Sequence[Slider], positions: Sequence[int]) -> Iterable[str]:
    for i, (slider, position) in enumerate(zip(sliders, positions, strict=True)):
        if not position:
            continue  # at 0 a slider has no say, whatever its ranges are
        at = f"slider {_titled(sliders, i)} at {position} is"
        low, high = slider.warning_min_step, slider.warning_max_step
        safe_low, safe_high = slider.safe_min_step, slider.safe_max_step
        if not low <= position <= high:
            yield (
                f"{at} far outside what the model has learned (safe: {safe_low} to {safe_high}, "
                f"at the very most {low} to {high}): expect noise or silence"
            )
        elif not safe_low <= position <= safe_high:
            yield (
                f"{at} outside its safe range, {safe_low} to {safe_high}: "
                "the sound may lose its character"
            )


def _titled(sliders: Sequence[Slider], index: int) -> str:
    return f"{index} {sliders[index].label!r}"


def _listed(sliders: Sequence[Slider], indices: Sequence[int] | None = None) -> str:
    chosen = range(len(sliders)) if indices is None else indices
    titles = ", ".join(_titled(sliders, i) for i in chosen[:_MAX_LISTED])
    return titles + (f" and {len(chosen) - _MAX_LISTED} more" if len(chosen) > _MAX_LISTED else "")
