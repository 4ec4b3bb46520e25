"""Work on several threads: independent jobs side by side, and one job a step ahead of another."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar, cast

T = TypeVar("T")
Job = Callable[[threading.Event], T]


class StoppedError(Exception):
    """A job was told to stop; nobody waits for its result any more."""


def in_order(jobs: Iterable[Job[T]], workers: int) -> Iterator[T]:
    """Run jobs on threads and yield their results in the jobs' order.

    Args:
        jobs: Taken as they are needed. Each takes an event, looks at it now and then, and stops
            when it is set: at the first error, on Ctrl-C, and when the caller takes no more
            results.
        workers: How many run at a time. One more may be ready and waiting, so that a slow caller
            does not pile up results.

    Yields:
        What the jobs return.
    """
    stop = threading.Event()
    if workers <= 1:
        for job in jobs:
            yield job(stop)
        return
    waiting = iter(jobs)
    running: deque[Future[T]] = deque()
    executor = ThreadPoolExecutor(workers, thread_name_prefix="distill")
    try:
        running.extend(executor.submit(job, stop) for job in islice(waiting, workers + 1))
        while running:
            result = running.popleft().result()
            running.extend(executor.submit(job, stop) for job in islice(waiting, 1))
            yield result
    finally:
        stop.set()
        executor.shutdown(cancel_futures=True)


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield items, the next of which is made on a thread while the caller uses the last."""
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="distill") as executor:
        coming: Future[T | object] = executor.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = executor.submit(next, items, end)
            yield cast(T, item)


def until(stop: threading.Event, items: Iterator[T]) -> Iterator[T]:
    """Yield items until a job is told to stop: what is being made then is the last.

    Raises:
        StoppedError: It was told to.
    """
    end = object()
    while not stop.is_set():
        if (item := next(items, end)) is end:
            return
        yield cast(T, item)
    raise StoppedError
