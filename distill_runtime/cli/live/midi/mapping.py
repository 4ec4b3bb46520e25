"""Which MIDI controller moves which fader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from distill_runtime.cli.live.fader import Fader

MAX_CONTROLLER = 127  # and the largest value of one
CHANNELS = 16
_MIDDLE = 64


@dataclass(frozen=True)
class Binding:
    """A controller and the fader that it moves.

    Attributes:
        controller: Its number, 0..127.
        channel: The channel that it comes on, 1..16; None for any.
        moves: The fader's kind.
        name: The fader's name; drift and level need none.
        low: Where the fader is at 0.
        high: Where it is at 127.
    """

    controller: int
    channel: int | None
    moves: str
    name: str
    low: float
    high: float

    @classmethod
    def of(cls, fader: Fader, controller: int, channel: int | None) -> Binding:
        """Bind a controller to a fader, from end to end."""
        return cls(controller, channel, fader.kind, fader.name, fader.low, fader.high)

    def hears(self, controller: int, channel: int) -> bool:
        """Whether it is this controller that moved."""
        return self.controller == controller and self.channel in (None, channel)

    def is_of(self, fader: Fader) -> bool:
        """Whether it moves this fader."""
        return self.moves == fader.kind and self.name.casefold() == fader.name.casefold()

    def position(self, value: int) -> float:
        """Return where a controller's value 0..127 leads; its middle, 64, is the way's middle."""
        middle = (self.low + self.high) / 2.0
        if value <= _MIDDLE:
            return self.low + (middle - self.low) * value / _MIDDLE
        return middle + (self.high - middle) * (value - _MIDDLE) / (MAX_CONTROLLER - _MIDDLE)


@dataclass(frozen=True)
class MidiMapping:
    """What MIDI does to an instrument.

    Attributes:
        channel: The only channel that is listened to, 1..16; None for all.
        notes: Whether keys start seeds.
        first_seed: The seed of key 0; key 60 has 60 more.
        bindings: What controllers move.
    """

    channel: int | None = None
    notes: bool = True
    first_seed: int = 0
    bindings: tuple[Binding, ...] = ()

    def listens_to(self, channel: int) -> bool:
        """Whether a channel, 1..16, is heard."""
        return self.channel in (None, channel)

    def moved_by(self, controller: int, channel: int) -> Iterator[Binding]:
        """Yield what a controller moves."""
        return (binding for binding in self.bindings if binding.hears(controller, channel))

    def controller_of(self, fader: Fader) -> int | None:
        """Return the controller that moves a fader."""
        return next((each.controller for each in self.bindings if each.is_of(fader)), None)

    def learned(self, new: Binding, fader: Fader) -> MidiMapping:
        """Return the mapping with a new binding, the only one of its controller and fader."""
        others = tuple(
            each
            for each in self.bindings
            if not each.is_of(fader)
            and (each.controller, each.channel) != (new.controller, new.channel)
        )
        return replace(self, bindings=(*others, new))

    def forgotten(self, fader: Fader) -> MidiMapping:
        """Return the mapping without what moves a fader."""
        return replace(
            self, bindings=tuple(each for each in self.bindings if not each.is_of(fader))
        )
