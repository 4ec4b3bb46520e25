"""Timing actions side by side, so that what else the machine does hits all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """How long an action took.

    Attributes:
        median_s: The middle one of its runs.
        minimum_s: The shortest: on a machine that others use too, the least disturbed.
    """

    median_s: float
    minimum_s: float

    def over(self, other: Timing) -> tuple[float, float]:
        """Return how many times longer this took than another: by the medians, by the minima."""
        return self.median_s / other.median_s, self.minimum_s / other.minimum_s


def interleave(
    actions: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    warm_up: bool = True,
    settle: bool = False,
) -> dict[str, Timing]:
    """Run every action once in each round, after one round that does not count.

    Args:
        actions: What to time, by name.
        rounds: How many rounds count.
        warm_up: Whether there is a round before them.
        settle: Whether each run that counts follows one of the same action that does not, so that
            no action pays for the caches and the waiting threads that another left behind.
    """
    times: dict[str, list[float]] = {name: [] for name in actions}
    for counted in (*[False] * warm_up, *[True] * rounds):
        for name, action in actions.items():
            if settle and counted:
                action()
            started = time.perf_counter()
            action()
            if counted:
                times[name].append(time.perf_counter() - started)
    return {name: Timing(statistics.median(t), min(t)) for name, t in times.items()}
