"""What a refusal may cost, measured by what the same machine needs for a pickle of plain steps."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import pytest

from distill_export.model.pickled import PickledError
from distill_export.model.unpickler import MAX_WORK, Unpickler
from tests.fuzz.pickle_writer import START

MOST = 5.0  # pickles that are as long as can be, and do the least that one can do

Result = TypeVar("Result")


@contextmanager
def _alone() -> Iterator[None]:
    """Spare the garbage collector what all the tests before have left, which no user has."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@cache
def longest_s() -> float:
    """Return the time of such a pickle, in seconds of this thread."""
    times = []
    for _ in range(3):
        with _alone(), pytest.raises(PickledError, match="more work than"):
            start = time.thread_time()
            Unpickler(START + b"N" * 2 * MAX_WORK, {}, lambda identity: identity).load()
        times.append(time.thread_time() - start)
    return min(times)


def in_time(action: Callable[[], Result], most: float = MOST) -> Result:
    """Do something that may take no longer than so many of the longest pickles."""
    limit_s = most * longest_s()
    with _alone():
        start = time.thread_time()
        try:
            return action()
        finally:
            taken_s = time.thread_time() - start
            assert taken_s < limit_s
