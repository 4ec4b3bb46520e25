"""Answering moves: which steps are rendered anew, and from which sample on they are heard."""

from __future__ import annotations

import threading

from distill_runtime.generation.live.crossfade import FADE_SAMPLES
from distill_runtime.generation.live.journal import Journal
from distill_runtime.generation.live.performance import Move
from distill_runtime.generation.live.place import Place
from distill_runtime.generation.live.timeline import Rewrite, Timeline

_STEPS = 2  # that sound at any time


class Answers:
    """Takes moves from any thread; one thread answers them and renders.

    Moves that come before an answer are merged into the last of them.

    Args:
        timeline: What is played.
        journal: Keeps what was done.
    """

    def __init__(self, timeline: Timeline, journal: Journal) -> None:
        self.timeline = timeline
        self.journal = journal
        self._lock = threading.Lock()
        self._asked: Place | None = None
        self._restart = False

    @property
    def is_asked(self) -> bool:
        """Whether there is a move to answer."""
        return self._asked is not None

    def ask(self, place: Place, *, restart: bool = False) -> None:
        """Ask for a place; `restart` lets the wandering begin anew there."""
        with self._lock:
            self._asked = place
            self._restart |= restart

    def extend(self) -> None:
        """Render the next step."""
        self.timeline.extend()
        self.journal.look()

    def answer(self, lead_s: float = 0.0) -> None:
        """Answer the moves that came, from the sample on that is read next.

        Args:
            lead_s: How long it takes, and to render a step more: if the step that plays ends
                before, it and the next one are rendered anew and not the one before it, whose
                chunk has all but faded by then.
        """
        with self._lock:
            place, restart = self._asked, self._restart
            self._asked, self._restart = None, False
        if place is None or (place == self.timeline.place and not restart):
            return
        timeline = self.timeline
        self.journal.look()
        lead = max(FADE_SAMPLES, round(lead_s * timeline.artifact.sample_rate_hz))
        playing, within = divmod(timeline.position, timeline.step_samples)
        first = playing if within + lead > timeline.step_samples else playing - 1
        first = min(max(first, 0), timeline.next_step)
        rewrite = timeline.rewrite(place, first, _STEPS, restart=restart)
        while not self._settle(rewrite, restart):
            timeline.grow(rewrite)

    def _settle(self, rewrite: Rewrite, restart: bool) -> bool:
        with self.journal.lock:  # so that nobody keeps the sound without the move
            heard = self.timeline.commit(rewrite)
            if heard is not None:
                at, fade = heard
                self.journal.moved(Move(at, rewrite.first, fade, restart, rewrite.place))
        return heard is not None
