"""What MIDI messages do: controllers move faders, keys start seeds, and a controller is learned."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from distill_runtime.cli.live.fader import Fader
from distill_runtime.cli.live.instrument import Instrument
from distill_runtime.cli.live.midi.mapping import MAX_CONTROLLER, Binding, MidiMapping
from distill_runtime.cli.live.notices import Notices
from distill_runtime.errors import DistillError

_SOURCE = "MIDI"


class MidiMessage(Protocol):
    """A message as mido gives it; which of these it has depends on its type."""

    type: str
    channel: int  # 0..15
    control: int
    value: int
    note: int
    velocity: int


class MidiHands:
    """Plays an instrument by the messages of a MIDI port, which come on a thread of its own."""

    def __init__(
        self,
        instrument: Instrument,
        mapping: MidiMapping,
        notices: Notices,
        *,
        keep: Callable[[MidiMapping], None] | None = None,
    ) -> None:
        """Take the instrument.

        Args:
            instrument: What is played.
            mapping: What moves what, to begin with.
            notices: What is told of messages that do not fit.
            keep: Called with the mapping when it has changed; None keeps it for now only.
        """
        self.mapping = mapping
        self._instrument = instrument
        self._notices = notices
        self._keep = keep
        self._lock = threading.Lock()
        self._learning: Fader | None = None
        self._tell_of_strangers()

    @property
    def learning(self) -> Fader | None:
        """The fader that waits for its controller."""
        return self._learning

    def learn(self, fader: Fader | None) -> None:
        """Bind the next controller that moves to a fader; None gives up."""
        self._learning = fader
        if fader is not None:
            self._notices.tell(f"move a controller for {fader.title} (Esc gives up)")

    def forget(self, fader: Fader) -> None:
        """Take a fader's controller away."""
        with self._lock:
            self._learning = None
            self.mapping = self.mapping.forgotten(fader)
        self._tell_kept(f"{fader.title} has no controller")

    def handle(self, message: MidiMessage) -> None:
        """Do what a message says. Nothing it can say is an error to whoever calls this."""
        try:
            self._handle(message)
        except DistillError as error:
            self._notices.refuse(_SOURCE, error)
        except Exception as error:  # a message that is not what its type says; nobody catches it
            self._notices.refuse(_SOURCE, f"a message that cannot be read ({type(error).__name__})")

    def _handle(self, message: MidiMessage) -> None:
        if message.type not in ("control_change", "note_on"):
            return  # clocks, key releases, pressure: nothing that is played by
        channel = message.channel + 1
        if not self.mapping.listens_to(channel):
            return
        if message.type == "control_change":
            self._controller(message.control, message.value, channel)
        else:
            self._key(message.note, message.velocity)

    def _key(self, note: int, velocity: int) -> None:
        if self.mapping.notes and velocity:  # a velocity of 0 is a release
            self._instrument.note(self.mapping.first_seed + note, velocity / MAX_CONTROLLER)

    def _controller(self, number: int, value: int, channel: int) -> None:
        if (fader := self._learning) is not None:
            with self._lock:
                self._learning = None
                new = Binding.of(fader, number, channel)
                self.mapping = self.mapping.learned(new, fader)
            self._tell_kept(f"controller {number} moves {fader.title}")
        for binding in self.mapping.moved_by(number, channel):
            for fader in filter(binding.is_of, self._instrument.faders):
                self._instrument.move(fader, fader.within(binding.position(value)))

    def _tell_kept(self, what: str) -> None:
        if self._keep is None:
            self._notices.tell(f"{what}, until you leave: --mapping FILE keeps it")
            return
        try:
            self._keep(self.mapping)
        except DistillError as error:
            self._notices.tell(f"{what}, but it is not kept: {error}")
        else:
            self._notices.tell(what)

    def _tell_of_strangers(self) -> None:
        """Tell of what the mapping moves and this model has not."""
        faders = self._instrument.faders
        lacking = [each for each in self.mapping.bindings if not any(map(each.is_of, faders))]
        if lacking:
            first = lacking[0]
            self._notices.tell(
                f"of the mapping's controllers {len(lacking)} move nothing here, "
                f"{first.controller} for one: this model has no {first.moves} {first.name[:40]!r}"
            )
