"""Where the server listens: an address of this machine, and a port that is free."""

from __future__ import annotations

import errno
import socket

from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.paths import why

DEFAULT_PORT = 8048
_TRIED_PORTS = 20
_EVERY_ADDRESS = ("0.0.0.0", "::")


def listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: A name or an IP address of this machine.
        port: 0 for any that is free; None for `DEFAULT_PORT` or, if it is taken, the next.

    Raises:
        RequestError: It is none of this machine's addresses, or the port is not to be had.
    """
    family, address = _resolved(host)
    if port is not None:
        try:
            return _bound(family, address, port)
        except OSError as reason:
            raise _refusal(host, port, reason, family, address) from None
    for candidate in range(DEFAULT_PORT, DEFAULT_PORT + _TRIED_PORTS):
        try:
            return _bound(family, address, candidate)
        except OSError as reason:
            if reason.errno != errno.EADDRINUSE:
                raise _refusal(host, candidate, reason, family, address) from None
    raise RequestError(
        f"the ports {DEFAULT_PORT} to {candidate} are in use: --port 0 takes any that is free"
    )


def address_of(listening: socket.socket) -> tuple[str, int]:
    """Return the IP address and the port of a socket."""
    address, port = listening.getsockname()[:2]
    return str(address).partition("%")[0], int(port)


def shown_address(host: str, address: str, port: int, path: str) -> str:
    """Return what to type into a browser.

    Args:
        host: As it was named.
        address: The IP address that is listened at.
        port: The port.
        path: At which the page is.
    """
    name = _own_address(address) if address in _EVERY_ADDRESS else host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}{path}"


def _resolved(host: str) -> tuple[socket.AddressFamily, str]:
    try:
        found = socket.getaddrinfo(host or "-", None, type=socket.SOCK_STREAM)
    except (OSError, ValueError):  # a ValueError is a name that none can be
        raise RequestError(
            f"the host {brief(host)} is not known here: give a name or an IP address of this "
            "machine"
        ) from None
    family, _, _, _, address = found[0]
    return family, str(address[0])


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    return socket.create_server((address, port), family=family)


def _refusal(
    host: str, port: int, reason: OSError, family: socket.AddressFamily, address: str
) -> RequestError:
    if reason.errno == errno.EADDRINUSE:
        return RequestError(
            f"port {port} is in use: --port {_next_free(family, address, port)} is free"
        )
    if reason.errno == errno.EADDRNOTAVAIL:
        return RequestError(f"the host {brief(host)} is another machine: give one of this one's")
    return RequestError(f"port {port} of {brief(host)} cannot be used: {why(reason)}")


def _next_free(family: socket.AddressFamily, address: str, port: int) -> int:
    for candidate in range(port + 1, min(port + _TRIED_PORTS, 2**16)):
        try:
            _bound(family, address, candidate).close()
        except OSError:
            continue
        return candidate
    return 0


def _own_address(address: str) -> str:
    """Return an address under which other machines reach this one; nothing is sent for that."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    anywhere = "2001:db8::1" if ":" in address else "192.0.2.1"  # of documentation: RFC 5737, 3849
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((anywhere, 9))
            return str(probe.getsockname()[0]).partition("%")[0]
        except OSError:  # no network
            return socket.gethostname()
