"""Where OSC comes in and goes out."""

from __future__ import annotations

import pytest

from distill_runtime.cli.live.osc.endpoint import parse_endpoint, udp_socket
from distill_runtime.errors import FailureError, RequestError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9000", ("127.0.0.1", 9000)),
        (" 9000 ", ("127.0.0.1", 9000)),
        ("0.0.0.0:9000", ("0.0.0.0", 9000)),
        ("studio.local:1", ("studio.local", 1)),
        ("[::1]:65535", ("::1", 65535)),
    ],
)
def test_without_a_host_it_is_this_machine(text: str, expected: tuple[str, int]) -> None:
    assert parse_endpoint(text, option="--osc-in") == expected


@pytest.mark.parametrize("text", ["", "abc", "0", "65536", "-1", "a:b", "::1:9000", "a b:9", "9.5"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match=r"--osc-in is .* expected a port from 1 to 65535"):
        parse_endpoint(text, option="--osc-in")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70])
def test_a_host_that_is_not_there_is_a_failure_in_one_line(host: str) -> None:
    with pytest.raises(FailureError, match=f"--osc-out {host}:9 cannot be used: "):
        udp_socket(host, 9, option="--osc-out")
