"""Requests that pages of other sites send, turned away from an application that knows none."""

from __future__ import annotations

from distill_runtime.cli.serve.access import Access
from distill_runtime.serving.asgi import (
    Application,
    Receive,
    Scope,
    Send,
    header_list,
    headers_of,
)
from distill_runtime.serving.problems import MEDIA_TYPE, ProblemError

_POLICY_VIOLATION = 1008


class Guard:
    """Lets an application answer who may ask.

    Args:
        application: It.
        access: Who may.
    """

    def __init__(self, application: Application, access: Access) -> None:
        self._application, self._access = application, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or say why not."""
        refusal = None
        if scope["type"] in ("http", "websocket"):
            refusal = self._access.stranger(headers_of(scope))
        if refusal is None:
            await self._application(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            body = ProblemError(refusal.status, refusal.reason).body()
            headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body))}
            start = {"type": "http.response.start", "status": refusal.status}
            await send({**start, "headers": header_list(headers)})
            await send({"type": "http.response.body", "body": body})
