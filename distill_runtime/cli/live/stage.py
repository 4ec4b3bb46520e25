"""All that is on stage while it plays, and how it may end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from distill_runtime.cli.live.instrument import Instrument
from distill_runtime.cli.live.midi.hands import MidiHands
from distill_runtime.cli.live.notices import Notices
from distill_runtime.cli.live.recorder import Recorder
from distill_runtime.cli.live.sound_out.output import SoundOut
from distill_runtime.files.interruption import Interruption


class Ending(Enum):
    """How playing came to its end."""

    LEFT = "the player left, the time was over, or the sound stopped"
    INTERRUPTED = "Ctrl-C, or a signal"


@dataclass(frozen=True)
class Stage:
    """What a player has before them.

    Attributes:
        instrument: What is played.
        out: Where the sound goes.
        recorder: What keeps it.
        notices: What is to be told.
        hands: MIDI, if there is a port.
        interruption: What a signal to end is seen by.
        ends_after_s: After how much sound to end; None for not by itself.
    """

    instrument: Instrument
    out: SoundOut
    recorder: Recorder
    notices: Notices
    hands: MidiHands | None
    interruption: Interruption
    ends_after_s: float | None = None

    def ended(self) -> Ending | None:
        """Return how it has ended, apart from the player's own leaving; None if it goes on."""
        if self.interruption.requested:
            return Ending.INTERRUPTED
        output = self.instrument.output
        played_s = output.samples / self.instrument.sound.sample_rate_hz
        over = self.ends_after_s is not None and played_s >= self.ends_after_s
        return Ending.LEFT if over or self.out.failure is not None else None
