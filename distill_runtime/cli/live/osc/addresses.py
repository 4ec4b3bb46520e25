"""What OSC messages do: the addresses under /distill/ and their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from distill_runtime.cli.live.fader import (
    CONTROL,
    DRIFT,
    LEVEL,
    NEARNESS,
    SLIDER,
    find_fader,
    find_slider,
)
from distill_runtime.cli.live.instrument import Instrument
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, finite, whole

ROOT = "/distill/"


def perform(instrument: Instrument, address: str, values: Sequence[object]) -> None:
    """Do what a message says.

    Args:
        instrument: What is played.
        address: "/distill/slider/0", "/distill/hold", ...
        values: The message's values.

    Raises:
        RequestError: There is no such address or fader, or the values do not fit.
    """
    if not address.startswith(ROOT):
        raise RequestError(f"{brief(address)} is not an address under {ROOT}")
    word, slash, name = address.removeprefix(ROOT).partition("/")
    if word in (SLIDER, CONTROL) and slash:
        faders = instrument.faders
        if word == SLIDER:
            fader = find_slider(instrument.sound.artifact, faders, name)
        else:
            fader = find_fader(faders, word, name)
        instrument.move(fader, _one(address, values))
        return
    act = _ACTS.get(word)
    if act is None or slash:
        raise RequestError(f"there is no address {brief(address)}")
    act(instrument, address, values)


def _one(address: str, values: Sequence[object]) -> object:
    if len(values) != 1:
        raise RequestError(f"{brief(address)} has {len(values)} values, expected 1")
    return values[0]


def _seed(address: str, values: Sequence[object]) -> int | None:
    """Return a seed, whole also where a program sends only floats; None to draw one."""
    if not values:
        return None
    value = _one(address, values)
    number = finite(value)
    seed = whole(value) if number is None or not number.is_integer() else int(number)
    if seed is None:
        raise RequestError(f"{brief(address)} has {brief(value)}, expected a whole number")
    return seed


def _move_amount(kind: str) -> Callable[[Instrument, str, Sequence[object]], None]:
    def move(instrument: Instrument, address: str, values: Sequence[object]) -> None:
        instrument.move(find_fader(instrument.faders, kind, 0), _one(address, values))

    return move


def _hold(instrument: Instrument, address: str, values: Sequence[object]) -> None:
    if not values:
        instrument.hold()
        return
    value = _one(address, values)
    number = float(value) if isinstance(value, bool) else finite(value)
    if number not in (0.0, 1.0):
        raise RequestError(f"{brief(address)} has {brief(value)}, expected 0 or 1")
    instrument.hold(bool(number))


def _walk(instrument: Instrument, address: str, values: Sequence[object]) -> None:
    instrument.walk(_seed(address, values))


def _randomise(instrument: Instrument, address: str, values: Sequence[object]) -> None:
    instrument.randomise(_seed(address, values))


def _reset(instrument: Instrument, address: str, values: Sequence[object]) -> None:
    del address, values
    instrument.reset_all()


_ACTS: dict[str, Callable[[Instrument, str, Sequence[object]], None]] = {
    "seed": _walk,
    "drift": _move_amount(DRIFT),
    "nearness": _move_amount(NEARNESS),
    "level": _move_amount(LEVEL),
    "hold": _hold,
    "randomise": _randomise,
    "reset": _reset,
}
