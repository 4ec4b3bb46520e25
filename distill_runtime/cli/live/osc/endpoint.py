"""Where OSC comes in and goes out, as a command line says it."""

from __future__ import annotations

import re
import socket
from typing import Any

from distill_runtime.errors import FailureError, RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.paths import why

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


def udp_socket(host: str, port: int, *, option: str) -> tuple[socket.socket, Any]:
    """Open a socket for a host and a port.

    Returns:
        The socket, neither bound nor connected, and the address as it takes it.

    Raises:
        FailureError: There is no such host.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        return socket.socket(family, kind, protocol), address
    except (OSError, UnicodeError) as error:
        raise unusable(host, port, error, option=option) from None


def unusable(host: str, port: int, error: OSError | UnicodeError, *, option: str) -> FailureError:
    """Return what to say of an endpoint that cannot be used."""
    reason = why(error) if isinstance(error, OSError) else "that is no name of a host"
    return FailureError(f"{option} {host}:{port} cannot be used: {reason}")
