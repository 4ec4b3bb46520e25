"""What is needed to play the last minutes of a live sound again, while it goes on."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from distill_runtime.generation.live.performance import Move, Performance
from distill_runtime.generation.live.place import Place
from distill_runtime.generation.live.timeline import Start, Timeline

STEPS_BETWEEN = 8  # of two marks, each of which holds a state


@dataclass(frozen=True)
class _Mark:
    """A step from which on a sound can be played again.

    Attributes:
        start: Of a timeline, at the step before: no later move renders an earlier one anew.
        place: For which that step was rendered, and all after it up to the next move.
        moves: How many moves there were before.
        begin: Position from which on a timeline from there is the sound that was heard.
    """

    start: Start
    place: Place
    moves: int
    begin: int


class Journal:
    """Keeps marks and moves of a timeline, as far back as the timeline keeps its samples.

    Args:
        timeline: What is played.
        gain: What its sound is multiplied by.
        steps_between: How many steps apart marks are set: a performance then begins no more than
            these and three before what is asked for.
        since: What was played on the timeline already, of which it stands at the `begin`.

    Attributes:
        lock: To be held from before a move is heard until it is kept, and by who asks for a
            performance.
    """

    def __init__(
        self,
        timeline: Timeline,
        gain: float,
        *,
        steps_between: int = STEPS_BETWEEN,
        since: Performance | None = None,
    ) -> None:
        self._timeline = timeline
        self._gain = gain
        self._moves = [] if since is None else list(since.moves)
        self._forgotten = 0  # moves that are no longer kept
        begin = timeline.position
        start = timeline.start_at(0) if since is None else since.start
        place = timeline.place if since is None else since.place
        self._marks = [_Mark(start, place, 0, begin)]
        self._steps_between = steps_between
        self._next_mark = begin // timeline.step_samples + steps_between
        self.lock = threading.Lock()

    def look(self) -> None:
        """Set a mark if the sound has come far enough, and forget what is too old."""
        with self.lock:
            self._look()

    def _look(self) -> None:
        timeline = self._timeline
        playing = timeline.position // timeline.step_samples
        if playing < self._next_mark or timeline.next_step <= playing - 1:
            return
        self._next_mark = playing + self._steps_between
        # From the step before the one that plays on, all was rendered for the place of now; what
        # is still fading in of earlier moves has ended with the next step.
        begin = (playing + 1) * timeline.step_samples
        count = self._forgotten + len(self._moves)
        self._marks.append(_Mark(timeline.start_at(playing - 1), timeline.place, count, begin))
        while len(self._marks) > 1 and self._marks[0].begin < timeline.oldest:
            del self._marks[0]
        surplus = self._marks[0].moves - self._forgotten
        del self._moves[:surplus]
        self._forgotten += surplus

    def moved(self, move: Move) -> None:
        """Keep a move."""
        while len(self._marks) > 1 and self._marks[-1].start.step > move.first:
            # It came so late that it renders anew what the mark takes for settled.
            self._next_mark = 0
            del self._marks[-1]
        self._moves.append(move)

    def performances(self, begin: int) -> list[Performance]:
        """Return what plays the sound again from a position on, or from marks after it.

        Returns:
            The longest first, which begins at the position, or where it still can.
        """
        passed = sum(mark.begin <= begin for mark in self._marks)
        return [
            Performance(
                start=mark.start,
                place=mark.place,
                moves=tuple(self._moves[mark.moves - self._forgotten :]),
                begin=max(mark.begin, begin),
                gain=self._gain,
            )
            for mark in self._marks[max(0, passed - 1) :]
        ]
