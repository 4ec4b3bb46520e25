"""The server: uvicorn, with bounds on how many connect and on how long each may take.

uvicorn answers who asks; it waits for ever for a request that does not end, and for a client that
does not read. Here a connection has so many seconds for each.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from distill_runtime.cli.serve.application import Application
from distill_runtime.cli.serve.headers import HEADERS

MAX_CONNECTIONS = 256
REQUEST_S = 10.0  # for a request, from its connection or from the answer before
STALLED_S = 30.0  # for a client to read on
MAX_HEADER_BYTES = 2**14

_LOOK_EVERY_S = 1.0
_YIELDS_AFTER_S = 1.0  # to a new connection, where there are too many
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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or say that there are too many."""
        super().connection_made(transport)
        self._waiting_since = time.monotonic()
        self._stalled_since: float | None = None
        self._timer = self.loop.call_later(_LOOK_EVERY_S, self._look)
        if len(self.connections) > MAX_CONNECTIONS and not self._take_the_place_of_another():
            transport.write(_BUSY)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        self._timer.cancel()
        super().connection_lost(exc)

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

    @property
    def _waits(self) -> bool:
        """Whether there is no request to answer."""
        return self.cycle is None or self.cycle.response_complete

    def _take_the_place_of_another(self) -> bool:
        """Cut off the connection that has waited longest for its request, if that is long."""
        others = [
            other
            for other in self.connections
            if isinstance(other, Connection) and other._waits and other is not self
        ]
        longest = min(others, key=lambda other: other._waiting_since, default=None)
        if longest is None or time.monotonic() - longest._waiting_since < _YIELDS_AFTER_S:
            return False
        longest.transport.abort()
        self.connections.discard(longest)  # it hears of it a moment later
        return True

    def _look(self) -> None:
        """Cut the connection if it takes too long; else look again."""
        now = time.monotonic()
        stalled_s = 0.0 if self._stalled_since is None else now - self._stalled_since
        waiting_s = now - self._waiting_since if self._waits else 0.0
        has_unsent = self.transport.get_write_buffer_size() > 0
        if stalled_s > STALLED_S or waiting_s > (STALLED_S if has_unsent else REQUEST_S):
            self.transport.abort()
        else:
            self._timer = self.loop.call_later(_LOOK_EVERY_S, self._look)


def run(application: Application, listening: socket.socket) -> None:
    """Answer until a signal ends it.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, or what means the same was sent.
    """
    config = uvicorn.Config(
        application,
        http=Connection,
        ws="none",
        loop="asyncio",
        lifespan="off",
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
