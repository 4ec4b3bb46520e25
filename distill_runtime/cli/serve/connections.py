"""The server: uvicorn, with bounds on how many connect and on how long each may take.

uvicorn answers who asks; it waits for ever for a request that does not end, and for a client that
does not read. Here a connection has so many seconds for each.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from distill_runtime.cli.serve.crowd import MAX_ANSWERED, MAX_WAITING, Crowd, room_to_wait
from distill_runtime.cli.serve.headers import HEADERS

Asgi = Callable[..., Awaitable[None]]

REQUEST_S = 10.0  # for a request, from its connection or from the answer before
CROWDED_S = 2.0  # for the same, while others wait for their turn
STALLED_S = 30.0  # for a client to read on
LOOK_EVERY_S = 0.5
MAX_HEADER_BYTES = 2**14  # of what comes in pieces
_BUSY = "\r\n".join(
    (
        "HTTP/1.1 503 Service Unavailable",
        *(f"{name}: {text}" for name, text in HEADERS.items()),
        "Content-Length: 0",
        "Retry-After: 1",
        "Connection: close",
        "\r\n",
    )
).encode()


class Connection(H11Protocol):
    """One connection, closed when it takes too long."""

    def __init__(self, *arguments: Any, crowd: Crowd, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._crowd = crowd
        self._waiting_since = 0.0
        self._stalled_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, let it wait, or say that too many do."""
        super().connection_made(transport)
        transport.pause_reading()
        if not self._crowd.enter(self):
            transport.write(_BUSY)
            transport.close()

    def begin(self) -> None:
        """Begin to read the first request."""
        self._waiting_since = time.monotonic()
        self._timer = self.loop.call_later(LOOK_EVERY_S, self._look)
        self.transport.resume_reading()

    def handle_websocket_upgrade(self, event: Any) -> None:
        """Hand the connection on: it is no request any more that others wait for."""
        if self._timer is not None:
            self._timer.cancel()
        super().handle_websocket_upgrade(event)
        self._crowd.leave(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more, and let the next begin."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)
        self._crowd.leave(self)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._waiting_since = time.monotonic()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Begin to wait for the client."""
        self._stalled_since = time.monotonic()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Go on."""
        self._stalled_since = None
        super().resume_writing()

    def _look(self) -> None:
        """Cut the connection if it takes too long; else look again."""
        now = time.monotonic()
        stalled_s = 0.0 if self._stalled_since is None else now - self._stalled_since
        waits = self.cycle is None or self.cycle.response_complete  # for a request
        waiting_s = now - self._waiting_since if waits else 0.0
        if self.transport.get_write_buffer_size() > 0:
            patience_s = STALLED_S  # the last answer is still on its way
        else:
            patience_s = CROWDED_S if self._crowd.somebody_waits else REQUEST_S
        if stalled_s > STALLED_S or waiting_s > patience_s:
            self.transport.abort()
        else:
            self._timer = self.loop.call_later(LOOK_EVERY_S, self._look)


def run(
    application: Asgi, listening: socket.socket, *, max_message_bytes: int | None = None
) -> None:
    """Answer until a signal ends it.

    Args:
        application: What answers.
        listening: Where.
        max_message_bytes: Of WebSockets; None where there are none, and nothing to be ended.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, or what means the same was sent.
    """
    crowd = Crowd(answered=MAX_ANSWERED, waiting=room_to_wait(MAX_WAITING))
    config = uvicorn.Config(
        application,
        # It is called like the class that is asked for.
        http=partial(Connection, crowd=crowd),  # type: ignore[arg-type]
        ws="none" if max_message_bytes is None else "websockets-sansio",
        ws_max_size=max_message_bytes or 0,
        loop="asyncio",
        lifespan="off" if max_message_bytes is None else "on",
        interface="asgi3",
        log_config=None,
        log_level="error" if os.environ.get("DISTILL_DEBUG") else "critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listening])
