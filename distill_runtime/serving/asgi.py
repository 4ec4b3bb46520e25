"""What an ASGI application is called with.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def headers_of(scope: Scope) -> dict[str, str]:
    """Return a request's headers; of those that come twice, the last."""
    return {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}


def client_of(scope: Scope) -> str:
    """Return the address that a request comes from, its proxy's if there is one."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def header_list(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as a message has them."""
    return [(name.lower().encode(), text.encode("latin-1")) for name, text in headers.items()]
