"""What every request passes: a token if one is asked for, and a count of the answers.

A token comes in the header `Authorization: Bearer TOKEN` (RFC 6750). A browser cannot send that
with a WebSocket, so there it may be a protocol that is asked for, `bearer.TOKEN`.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus

from distill_runtime.serving.asgi import (
    Application,
    Message,
    Receive,
    Scope,
    Send,
    header_list,
    headers_of,
)
from distill_runtime.serving.figures import Figures
from distill_runtime.serving.problems import MEDIA_TYPE, ProblemError

HEALTH, READINESS = "/healthz", "/readyz"
BEARER = "bearer."
_SCHEME = "bearer "


class Gate:
    """Lets requests through to an application.

    Args:
        application: What answers.
        figures: Where answers are counted.
        token: What is asked for; None lets everybody in.
    """

    def __init__(self, application: Application, figures: Figures, token: str | None) -> None:
        self._application, self._figures, self._token = application, figures, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or not."""
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                self._count(scope, message["status"])
            await send(message)

        if self._lets_in(scope):
            await self._application(scope, receive, counting)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: 403
        else:
            await _refuse(counting)

    def _lets_in(self, scope: Scope) -> bool:
        if self._token is None or scope["path"] in (HEALTH, READINESS):
            return True
        headers = headers_of(scope)
        given = [headers.get("authorization", "")]
        offered = [given[0][len(_SCHEME) :]] if given[0].lower().startswith(_SCHEME) else []
        if scope["type"] == "websocket":
            offered += [
                name.removeprefix(BEARER)
                for name in scope.get("subprotocols", ())
                if name.startswith(BEARER)
            ]
        right = self._token.encode()
        return any(hmac.compare_digest(one.encode("latin-1", "replace"), right) for one in offered)

    def _count(self, scope: Scope, status: int) -> None:
        route = scope.get("route")
        self._figures.answers.labels(getattr(route, "path", "other"), str(status)).inc()


async def _refuse(send: Send) -> None:
    problem = ProblemError(
        HTTPStatus.UNAUTHORIZED, "a token is needed: Authorization: Bearer TOKEN"
    )
    body = problem.body()
    headers = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "www-authenticate": 'Bearer realm="distill"',
        "cache-control": "no-store",
    }
    await send(
        {
            "type": "http.response.start",
            "status": int(problem.status),
            "headers": header_list(headers),
        }
    )
    await send({"type": "http.response.body", "body": body})
