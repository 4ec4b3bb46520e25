"""Where OSC comes in and goes out, as a command line says it."""

from __future__ import annotations

import re

from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief

LOOPBACK = "127.0.0.1"
_ENDPOINT = re.compile(
    r"(?:(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^\s:\[\]]+)):)?(?P<port>[0-9]{1,5})"
)


def parse_endpoint(text: str, *, option: str) -> tuple[str, int]:
    """Read `PORT`, `HOST:PORT` or `[IPV6]:PORT`; without a host it is this machine's own.

    Raises:
        RequestError: It is none of these, or there is no such port.
    """
    match = _ENDPOINT.fullmatch(text.strip())
    port = int(match["port"]) if match else 0
    if match is None or not 1 <= port <= 65535:
        raise RequestError(
            f"{option} is {brief(text)}, expected a port from 1 to 65535, or HOST:PORT"
        )
    return match["six"] or match["host"] or LOOPBACK, port
