"""Where the server listens."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from distill_runtime.cli.serve import listening as module
from distill_runtime.cli.serve.listening import address_of, listen, shown_address
from distill_runtime.errors import RequestError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_port_is_taken_as_it_is_named() -> None:
    with listen("127.0.0.1", 0) as first:
        address, port = address_of(first)
        assert (address, port > 1023) == ("127.0.0.1", True)
    with listen("localhost", port) as second:
        assert address_of(second)[1] == port


def test_a_named_port_in_use_is_refused_with_one_that_is_free(taken: int) -> None:
    with pytest.raises(RequestError) as refused:
        listen("127.0.0.1", taken)
    words = str(refused.value).split()
    assert words[:5] == ["port", str(taken), "is", "in", "use:"]
    assert words[5::2] == ["--port", "is"]
    listen("127.0.0.1", int(words[6])).close()


def test_without_a_port_the_next_free_one_is_taken(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEFAULT_PORT", taken)
    with listen("127.0.0.1", None) as listening:
        assert taken < address_of(listening)[1] < taken + 20


def test_where_all_are_in_use_that_is_said(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEFAULT_PORT", taken)
    monkeypatch.setattr(module, "_TRIED_PORTS", 1)
    with pytest.raises(RequestError, match="are in use: --port 0 takes any that is free"):
        listen("127.0.0.1", None)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (
            "no.such.host.invalid",
            "the host 'no.such.host.invalid' is not known here: give a name or",
        ),
        ("", "the host '' is not known here"),
        ("a" * 300, "is not known here"),
        ("\0", "is not known here"),
        ("192.0.2.1", "the host '192.0.2.1' is another machine: give one of this one's"),
    ],
)
def test_a_host_that_is_none_is_refused(host: str, expected: str) -> None:
    with pytest.raises(RequestError) as refused:
        listen(host, 0)
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_the_system_refuses_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module.socket, "create_server", refuse)
    for port in (80, None):
        with pytest.raises(RequestError, match=r"port \d+ of '127.0.0.1' cannot be used: Perm"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "address", "expected"),
    [
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:8048/x/"),
        ("localhost", "127.0.0.1", "http://localhost:8048/x/"),
        ("::1", "::1", "http://[::1]:8048/x/"),
        ("studio.example", "192.0.2.7", "http://studio.example:8048/x/"),
    ],
)
def test_the_address_is_what_a_browser_takes(host: str, address: str, expected: str) -> None:
    assert shown_address(host, address, 8048, "/x/") == expected


def test_of_every_address_one_is_shown_that_others_can_use() -> None:
    for every in ("0.0.0.0", "::"):
        shown = shown_address(every, every, 8048, "/x/")
        assert every not in shown.removesuffix(":8048/x/").split("//")[1].split("[")
        assert shown.endswith(":8048/x/")
