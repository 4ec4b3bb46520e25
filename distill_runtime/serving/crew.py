"""Who works for the application: threads, as many as there may be sounds, and places for those."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import Generic, TypeVar

from distill_runtime.errors import DistillError
from distill_runtime.serving.problems import ProblemError
from distill_runtime.serving.settings import Limits

# Sounds that are rendered whole before they are sent: more at a time would fill no larger batches,
# and each would be there later.
_WHOLE_AT_A_TIME = 16

T = TypeVar("T")


class Crew:
    """Threads, and how many sounds and live streams they have at a time.

    Args:
        limits: How many may be.

    Attributes:
        sounds: That are rendered or sent now.
        live: That are played now.
        whole: To be held while a sound is rendered before it is sent.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._threads = ThreadPoolExecutor(
            limits.max_sounds + limits.max_live, thread_name_prefix="distill-serving"
        )
        self._by_client: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.sounds = self.live = 0
        self.whole = asyncio.Semaphore(_WHOLE_AT_A_TIME)

    def call(self, function: Callable[..., T], *arguments: object) -> asyncio.Future[T]:
        """Call a function on a thread."""
        return asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    def submit(self, function: Callable[[], T]) -> Future[T]:
        """Have a function called on a thread."""
        return self._threads.submit(function)

    def take_sound(self, client: str) -> Callable[[], None]:
        """Take a place for a sound.

        Args:
            client: Who asks, by an address.

        Returns:
            What gives it back, once.

        Raises:
            ProblemError: There is none.
        """
        with self._lock:
            if self._by_client[client] >= self._limits.max_sounds_per_client:
                raise ProblemError(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    f"{self._by_client[client]} sounds are on their way to this client, expected "
                    "to be no more at a time",
                )
            if self.sounds >= self._limits.max_sounds:
                raise ProblemError(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    f"{self.sounds} sounds are being made, expected to be no more at a time",
                )
            self.sounds += 1
            self._by_client[client] += 1
        return lambda: self._give_back(client)

    def _give_back(self, client: str) -> None:
        with self._lock:
            self.sounds -= 1
            self._by_client[client] -= 1
            if not self._by_client[client]:
                del self._by_client[client]

    def take_live(self) -> Callable[[], None]:
        """Take a place for somebody who plays live.

        Returns:
            What gives it back, once.

        Raises:
            ProblemError: There is none.
        """
        with self._lock:
            if self.live >= self._limits.max_live:
                raise ProblemError(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    f"{self.live} play live, expected to be no more at a time",
                )
            self.live += 1
        return self._leave_live

    def _leave_live(self) -> None:
        with self._lock:
            self.live -= 1

    def close(self) -> None:
        """Let the threads end when they have nothing left to do."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Work(Generic[T]):
    """Items that are made one after the other on the crew's threads, and can be given up.

    Args:
        crew: Whose threads.
        begin: Returns the items; called on a thread.
        end: Called when no thread is at it any more, once.
    """

    def __init__(
        self,
        crew: Crew,
        begin: Callable[[threading.Event], Iterator[T]],
        end: Callable[[], None],
    ) -> None:
        self._crew, self._end = crew, end
        self._cancel = threading.Event()
        self._items = begin(self._cancel)
        self._running: Future[T | None] | None = None
        self._is_given_up = False

    def next(self) -> asyncio.Future[T | None]:
        """Begin the next item, which is None at the end.

        Returns:
            What is to be waited for and not to be cancelled: the thread would know nothing of it.
            It raises `DistillError` if the item cannot be made.
        """
        self._running = self._crew.submit(lambda: next(self._items, None))
        return asyncio.wrap_future(self._running)

    def give_up(self) -> None:
        """End the work, if it has not ended: after the step that is being rendered."""
        if self._is_given_up:
            return
        self._is_given_up = True
        self._cancel.set()
        if self._running is None:
            self._close()
        else:
            self._running.add_done_callback(lambda _: self._close())

    def _close(self) -> None:
        try:
            self._crew.submit(self._close_items).add_done_callback(lambda _: self._end())
        except RuntimeError:  # the crew has gone home
            self._end()

    def _close_items(self) -> None:
        with suppress(DistillError):
            close = getattr(self._items, "close", None)
            if close is not None:
                close()
