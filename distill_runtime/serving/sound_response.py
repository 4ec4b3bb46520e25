"""A sound as an HTTP response: begun when there is something to hear, given up with its client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

from fastapi import Response

from distill_runtime.errors import DistillError
from distill_runtime.serving.asgi import Receive, Scope, Send
from distill_runtime.serving.crew import Crew, Work
from distill_runtime.serving.figures import Figures
from distill_runtime.serving.problems import ProblemError
from distill_runtime.serving.rendering import Head, render
from distill_runtime.serving.settings import Limits
from distill_runtime.serving.sound_order import NORMALISED, SoundOrder

T = TypeVar("T")


class _GoneError(Exception):
    """Nobody listens any more."""


class SoundResponse(Response):
    """Renders a sound while it is sent.

    Args:
        order: What is asked for.
        crew: Who renders.
        figures: What is told.
        limits: How long anything may take.
        give_back: Called when the sound needs its place no more.
        headers: That go with it.
    """

    def __init__(
        self,
        order: SoundOrder,
        crew: Crew,
        figures: Figures,
        limits: Limits,
        give_back: Callable[[], None],
        headers: dict[str, str],
    ) -> None:
        super().__init__(media_type=order.media_type, headers=headers)
        del self.headers["content-length"]  # of an empty body
        self._order, self._figures, self._limits = order, figures, limits
        self._crew = crew
        self._began = time.monotonic()
        self._work: Work[Head | bytes] = Work(crew, lambda cancel: render(order, cancel), give_back)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it.

        Raises:
            ProblemError: There is no sound, and nothing was sent.
        """
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await self._send(send, gone)
        except _GoneError:
            self._figures.given_up.inc()
        finally:
            gone.cancel()
            self._work.give_up()

    async def _send(self, send: Send, gone: asyncio.Future[None]) -> None:
        head = await self._first(gone)
        model, order = self._order.model.name, self._order
        if head.size_bytes is not None:
            self.headers["content-length"] = str(head.size_bytes)
        self.headers["distill-gain"] = repr(head.gain)
        level = NORMALISED if order.level is None else "given"
        self._figures.first_byte.labels(level).observe(time.monotonic() - self._began)
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await self._patiently(send(start))
        while (piece := await self._next(gone)) is not None:
            if piece:
                body = {"type": "http.response.body", "body": piece, "more_body": True}
                await self._patiently(send(body))
        await self._patiently(send({"type": "http.response.body", "body": b""}))
        self._figures.sounds.labels(model, order.audio_format.container).inc()
        self._figures.sound_seconds.labels(model).inc(order.config.duration_s)

    async def _first(self, gone: asyncio.Future[None]) -> Head:
        patience_s = self._limits.first_byte_timeout_s
        try:
            head = await asyncio.wait_for(_unless(gone, self._begin()), patience_s)
        except TimeoutError:
            raise ProblemError(
                HTTPStatus.GATEWAY_TIMEOUT, f"the sound has not begun after {patience_s:g} s"
            ) from None
        except DistillError as error:
            raise ProblemError.of(error, by_request=self._order.is_risky) from None
        assert isinstance(head, Head), "a sound begins with its head"
        return head

    async def _begin(self) -> Head | bytes | None:
        if self._order.level is not None:
            return await asyncio.shield(self._work.next())
        async with self._crew.whole:
            return await asyncio.shield(self._work.next())

    async def _next(self, gone: asyncio.Future[None]) -> bytes | None:
        """Return the next piece. No task is made for it: pieces are many, and the loop is one."""
        coming = self._work.next()
        await asyncio.wait((coming, gone), return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            coming.add_done_callback(_unheard)
            raise _GoneError
        try:
            piece = coming.result()
        except DistillError as error:
            # Who promised more than there is cuts the connection: so a client knows.
            self._figures.broken.inc()
            raise _GoneError from error
        assert not isinstance(piece, Head), "a sound has one head"
        return piece

    async def _patiently(self, sending: Awaitable[None]) -> None:
        """Wait for a client to read on, but not for ever. Where it goes, the wait ends by itself.

        Raises:
            _GoneError: It does not read on.
        """
        try:
            async with asyncio.timeout(self._limits.stalled_timeout_s):
                await sending
        except (TimeoutError, OSError):
            raise _GoneError from None


async def _unless(gone: asyncio.Future[None], awaited: Awaitable[T]) -> T:
    """Return what is awaited.

    Raises:
        _GoneError: The client has gone before.
    """
    waiting = asyncio.ensure_future(awaited)
    try:
        await asyncio.wait((waiting, gone), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            raise _GoneError
        return waiting.result()
    finally:
        waiting.cancel()


def _unheard(coming: asyncio.Future[T]) -> None:
    """Take the exception of what nobody waits for any more, or asyncio would report it."""
    if not coming.cancelled():
        coming.exception()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
