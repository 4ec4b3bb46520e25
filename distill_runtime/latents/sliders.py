"""Positions of sliders: finding a slider, setting it, and the latent vector that results.

A slider is called by its index, which counts from 0 as in Distill, by its label ("Brightness +",
or the training program's own, "PC1 (Texture)"), its name ("PC1"), or the word in a label. It stands
at a position in steps, of which fractions will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.contract import Slider, SliderBank
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, finite, whole
from distill_runtime.latents.seeds import check_seed
from distill_runtime.latents.written_steps import plain_position, split_steps

_WORD = re.compile(r"\(([^()]*)\)\s*$")
_SIGN = re.compile(r"\s+[+-]$")
_INDEX = re.compile(r"[+-]?[0-9]{1,6}")
_MAX_LISTED = 16

# Where sliders are asked to stand: a position for each of a model's, or for those that are named.
SliderPositions = Sequence[float] | Mapping[str | int, float]


@dataclass(frozen=True)
class SliderSetting:
    """Where all sliders of a model stand.

    Attributes:
        positions: In steps, one for each slider.
        warnings: A line for each slider that stands outside its safe range.
    """

    positions: tuple[float, ...]
    warnings: tuple[str, ...]


def resolve_slider(sliders: Sequence[Slider], name_or_index: str | int) -> int:
    """Return the index of the slider that is meant.

    Args:
        sliders: All sliders of a model.
        name_or_index: An index from 0 (as a text, too), a label, a name or the word in a label;
            upper and lower case are the same. What the labels say here goes before what the
            training program called the sliders.

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
        original_labels(sliders),
        [slider.first_label for slider in sliders],
        [slider.name for slider in sliders],
        [_word(slider.label) for slider in sliders],
        [_SIGN.sub("", _word(slider.label) or slider.label) for slider in sliders],
        [_word(slider.first_label) for slider in sliders],
    ):
        fitting = [i for i, text in enumerate(called) if wanted and text.casefold() == wanted]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise RequestError(
                f"{brief(name_or_index)} fits {len(fitting)} sliders, {_listed(sliders, fitting)}: "
                "give the index of one"
            )
    raise RequestError(
        f"there is no slider {brief(name_or_index)}, expected one of {_listed(sliders)}"
    )


def parse_slider(text: str) -> tuple[str, float]:
    """Read `LABEL:POSITION` or `INDEX:POSITION`, split at the last colon.

    The model decides which labels and which positions there are; see `slider_positions`.

    Returns:
        The label or the index as it was written, and the position.

    Raises:
        RequestError: It is not of this form.
    """
    setting = split_steps(text)
    if setting is None:
        raise RequestError(
            f"the slider setting is {brief(text)}, expected LABEL:POSITION or INDEX:POSITION with "
            "a number of steps, as in Brightness:5 or 0:-2.5",
            setting="the slider setting",
        )
    return setting


def check_sliders(setting: object) -> tuple[float, ...] | dict[str | int, float]:
    """Return what was asked of sliders as plain numbers, before it is known of which model.

    Args:
        setting: A position for each slider in their order, or a mapping from labels, names or
            indices to positions.

    Raises:
        RequestError: It is neither, it is empty, or a position is not a finite number.
    """
    if isinstance(setting, Mapping):
        named = {_called(key): _checked_position(key, setting[key]) for key in setting}
        if len(named) != len(setting):
            raise RequestError("a slider is set twice, expected once")
        if named:
            return named
    elif isinstance(setting, Sequence | np.ndarray) and not isinstance(setting, str | bytes):
        positions = tuple(_checked_position(i, value) for i, value in enumerate(setting))
        if positions:
            return positions
    else:
        raise RequestError(
            f"the sliders are {brief(setting)}, expected a position for each or a mapping from "
            'labels or indices to positions, as in {"Brightness": 3, 1: -2.5}'
        )
    raise RequestError("there are no slider positions: leave the sliders out (None)")


def _called(key: object) -> str | int:
    index = whole(key)
    if index is None and not isinstance(key, str):
        raise RequestError(f"a slider is called {brief(key)}, expected its label or its index")
    return str(key) if index is None else index


def _checked_position(called: object, position: object) -> float:
    value = finite(position)
    if value is None:
        raise RequestError(
            f"slider {brief(called)} is set to {brief(position)}, expected a finite number of steps"
        )
    return plain_position(value)


def resolve_positions(sliders: Sequence[Slider], setting: SliderPositions) -> SliderSetting:
    """Return where all sliders of a model stand for what was asked of some.

    Args:
        sliders: All sliders of a model.
        setting: See `check_sliders`; sliders that a mapping does not name stand at 0.

    Raises:
        RequestError: A slider is unknown, ambiguous or set twice, there are more or fewer
            positions than sliders, or one is outside its slider's range.
    """
    if isinstance(setting, Mapping):
        return slider_positions(sliders, setting.items())
    positions = check_positions(sliders, setting)
    return SliderSetting(positions, tuple(_warnings(sliders, positions)))


def slider_positions(
    sliders: Sequence[Slider],
    assignments: Iterable[tuple[str | int, float]],
    *,
    base: Sequence[float] = (),
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


def check_positions(sliders: Sequence[Slider], positions: Sequence[float]) -> tuple[float, ...]:
    """Return the positions as plain numbers, ints where they are whole.

    Args:
        sliders: All sliders of a model.
        positions: In steps, one for each slider; 0 is always allowed.

    Raises:
        RequestError: There are more or fewer positions than sliders, one is not a number or
            outside its slider's range.
    """
    if len(positions):
        _check_any(sliders)
    if len(positions) != len(sliders):
        raise RequestError(
            f"there are {len(positions)} slider positions, expected one for each of the "
            f"{len(sliders)} sliders"
        )
    checked = []
    for i, (slider, position) in enumerate(zip(sliders, positions, strict=True)):
        value = finite(position)
        if value is None or (value and not slider.min_step <= value <= slider.max_step):
            raise RequestError(
                f"slider {_titled(sliders, i)} is set to {brief(position)}, "
                f"expected a number from {slider.min_step} to {slider.max_step}"
            )
        checked.append(plain_position(value))
    return tuple(checked)


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


def latent_vector(bank: SliderBank, positions: Sequence[float]) -> Float32Array:
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
    return _numbered([slider.label for slider in sliders])


def original_labels(sliders: Sequence[Slider]) -> tuple[str, ...]:
    """Return the same of the labels that the training program gave, which are the model's own.

    What is kept in files is kept by them: every variant of the model has them.
    """
    return _numbered([slider.first_label for slider in sliders])


def _numbered(labels: Sequence[str]) -> tuple[str, ...]:
    if len(set(labels)) == len(labels):
        return tuple(labels)
    return tuple(f"{i} {label}" for i, label in enumerate(labels))


def _check_any(sliders: Sequence[Slider]) -> None:
    if not sliders:
        raise RequestError("this model has no sliders: leave the slider settings out")


def _index(name_or_index: str | int) -> int | None:
    """Return an index if that is what it is, None for a label."""
    if (index := whole(name_or_index)) is not None:
        return index
    text = str(name_or_index).strip()
    return int(text) if _INDEX.fullmatch(text) else None


def _word(label: str) -> str:
    """Return the word in parentheses that ends a label, or an empty text."""
    match = _WORD.search(label)
    return match[1].strip() if match else ""


def _warnings(sliders: Sequence[Slider], positions: Sequence[float]) -> Iterable[str]:
    for i, (slider, position) in enumerate(zip(sliders, positions, strict=True)):
        if not position:
            continue  # at 0 a slider has no say, whatever its ranges are
        at = f"slider {_titled(sliders, i)} at {position:g} is"
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
    return f"{index} {brief(sliders[index].label)}"


def _listed(sliders: Sequence[Slider], indices: Sequence[int] | None = None) -> str:
    chosen = range(len(sliders)) if indices is None else indices
    titles = ", ".join(_titled(sliders, i) for i in chosen[:_MAX_LISTED])
    return titles + (f" and {len(chosen) - _MAX_LISTED} more" if len(chosen) > _MAX_LISTED else "")
