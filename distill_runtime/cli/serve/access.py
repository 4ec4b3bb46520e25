"""Who is answered: pages of this server, and who knows its address.

A page of any other site may ask a browser to send requests here, under this server's address or,
with a name that its owner lets lead here (DNS rebinding), under its own. So the name by which a
browser calls the server is checked, and where a request comes from. Where others than this
machine's user can connect at all, they need a token, which is part of every address.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
import socket
from collections.abc import Mapping, Set
from dataclasses import dataclass

_TOKEN_BYTES = 24
# An IPv6 address in brackets or another name, then perhaps a port (RFC 3986, section 3.2).
_HOST = re.compile(r"(?:\[([^\[\]]+)\]|([^:\[\]]+))(?::[0-9]{1,5})?")
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    reason: str


@dataclass(frozen=True)
class Access:
    """What a request must bring.

    Attributes:
        names: By which the server may be called, in lower case.
        any_number: Whether it may be called by any IP address as well: no site can have one as
            its name.
        token: What every path starts with; None if there is none.
    """

    names: Set[str]
    any_number: bool = False
    token: str | None = None

    @classmethod
    def of_address(cls, host: str, address: str) -> Access:
        """Return what is asked for at an address.

        Args:
            host: As it was named.
            address: The IP address that is listened at.
        """
        if is_this_machine(address):
            return cls(_THIS_MACHINE | {host.lower(), address})
        own = socket.gethostname().lower()
        names = _THIS_MACHINE | {host.lower(), own, f"{own}.local"}
        return cls(names, any_number=True, token=secrets.token_urlsafe(_TOKEN_BYTES))

    def refusal(self, method: str, headers: Mapping[str, str]) -> Refusal | None:
        """Return why a request is refused, whatever it asks for; None if it is not."""
        if method not in ("GET", "HEAD"):
            return Refusal(405, "only GET and HEAD are answered here")
        if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
            return Refusal(413, "a request has no body here")
        return self.stranger(headers)

    def stranger(self, headers: Mapping[str, str]) -> Refusal | None:
        """Return why a request is refused, by where it comes from; None if it is not."""
        host = headers.get("host", "")
        if not self._is_own_name(host):
            return Refusal(421, "this server has another name: use the address that it printed")
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in _origins(host):
            return Refusal(403, "this is for the server's own page, not for other sites")
        # A browser says so even where it sends no origin: of pictures, scripts and frames.
        foreign = headers.get("sec-fetch-site", "none") in ("cross-site", "same-site")
        followed = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"))
        if foreign and followed != ("navigate", "document"):
            return Refusal(403, "this is for the server's own page, not for other sites")
        return None

    def below(self, path: str) -> str | None:
        """Return what a path names behind the token, without the slash that starts it.

        Returns:
            None for a path that does not have the token. How much of it is right cannot be told
            from the time that this takes.
        """
        if not path.startswith("/"):
            return None
        if self.token is None:
            return path[1:]
        token, slash, rest = path[1:].partition("/")
        is_right = hmac.compare_digest(token.encode(), self.token.encode())
        return rest if is_right and slash else None

    def start(self) -> str:
        """Return the path at which the page is."""
        return "/" if self.token is None else f"/{self.token}/"

    def _is_own_name(self, host: str) -> bool:
        name = _name_of(host.lower())
        if name in self.names:
            return True
        return self.any_number and _is_number(name)


def is_this_machine(address: str) -> bool:
    """Whether an IP address can be reached from this machine alone."""
    return ipaddress.ip_address(address).is_loopback


def _origins(host: str) -> tuple[str, str]:
    """Return the origins of a page that was loaded under a name; https is a proxy's before us."""
    return f"http://{host.lower()}", f"https://{host.lower()}"


def _name_of(host: str) -> str:
    """Return the name in a Host header, without its port, which a tunnel may change."""
    found = _HOST.fullmatch(host)
    return "" if found is None else found[1] or found[2]


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
