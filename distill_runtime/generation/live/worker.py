"""The thread that renders a live sound ahead of who reads it, and answers moves."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from distill_runtime.errors import DistillError
from distill_runtime.generation.live.answers import Answers

# So much is rendered ahead at least, and a whole step when no move came for a while: what moves
# come upon is rendered in vain.
_LEAST_AHEAD_S = 0.25
_CALM_S = 0.1
_SHORTEST_WAIT_S = 0.001
_MEMORY_S = 0.5  # of the running mean of the load
_NEW_SHARE = 0.2  # of a new value in the running mean of a step's time
# Of the time that a step takes: an answer takes two, and then a step more or another answer may
# be needed before the one that plays has ended.
_LEAST_STEPS = 2.5
_LEAD_STEPS = _LEAST_STEPS + 2.5
_REST = 0.25  # of the time of an answer, for others to use the cores


class Worker:
    """Renders in a thread of its own until it is closed.

    Args:
        answers: Renders, and answers moves.

    Attributes:
        load: Share of the time that rendering takes, a running mean.
        failure: Why it has stopped; None while it runs.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._wake = threading.Event()
        self._closed = False
        self._last_answer = self._rest_until = 0.0
        self._step_s = _timed(answers.extend)
        self.load = 0.0
        self.failure: DistillError | None = None
        self._thread = threading.Thread(target=self._run, name="distill-live", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Let it see that there is a move."""
        self._wake.set()

    def close(self) -> None:
        """End the thread, once it has finished what it is at."""
        self._closed = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        before = time.perf_counter()
        while not self._closed:
            self._wake.clear()
            busy_s = self._work()
            if busy_s == 0.0:
                self._wake.wait(self._idle_s())
            now = time.perf_counter()
            passed_s = max(now - before, 1e-9)
            share = min(1.0, busy_s / passed_s)
            self.load += (1.0 - math.exp(-passed_s / _MEMORY_S)) * (share - self.load)
            before = now

    def _work(self) -> float:
        """Do what is most urgent and return how long it took, 0 if there is nothing to do."""
        try:
            if self._ahead_s() < self._least_s():
                return self._extend()
            if self._answers.is_asked:
                return self._answer()
            if self._ahead_s() < self._wanted_s():
                return self._extend()
        except DistillError as reason:
            self.failure = reason
            self._closed = True
        return 0.0

    def _extend(self) -> float:
        took_s = _timed(self._answers.extend)
        self._step_s += _NEW_SHARE * (took_s - self._step_s)
        return took_s

    def _answer(self) -> float:
        """Answer a move, unless the last answer is so recent that nothing else would be done."""
        if time.perf_counter() < self._rest_until:
            time.sleep(_SHORTEST_WAIT_S)
            return 0.0
        took_s = _timed(lambda: self._answers.answer(_LEAD_STEPS * self._step_s))
        self._last_answer = time.perf_counter()
        self._rest_until = self._last_answer + _REST * took_s
        return took_s

    def _ahead_s(self) -> float:
        timeline = self._answers.timeline
        return (timeline.end - timeline.position) / timeline.artifact.sample_rate_hz

    def _least_s(self) -> float:
        """Return what has to lie ready before a move is answered, which takes two steps' time."""
        return _LEAST_STEPS * self._step_s

    def _wanted_s(self) -> float:
        calm = time.perf_counter() - self._last_answer > _CALM_S
        timeline = self._answers.timeline
        step_s = timeline.step_samples / timeline.artifact.sample_rate_hz
        return step_s if calm else _LEAST_AHEAD_S

    def _idle_s(self) -> float:
        if self._answers.is_asked:
            return 0.0
        return max(_SHORTEST_WAIT_S, min(self._ahead_s() - self._wanted_s(), _CALM_S))


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
