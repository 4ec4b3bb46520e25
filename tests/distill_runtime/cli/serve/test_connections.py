"""What takes too long, asks too much or comes in a crowd: it is answered or refused, and goes."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress

import pytest

from distill_runtime.cli.serve.crowd import MAX_ANSWERED
from distill_runtime.cli.serve.headers import HEADERS
from tests.distill_runtime.cli.serve.conftest import Reply, Server, Start

REQUEST = b"GET /artifacts/rain.onnx HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def hasty(start: Start) -> Server:
    """A server that waits half a second for anything."""
    return start(REQUEST_S=0.5, STALLED_S=0.5, LOOK_EVERY_S=0.05)


def seconds_until_it_ends(connection: socket.socket) -> float:
    """Wait for the other side to end a connection."""
    begun = time.monotonic()
    try:
        while connection.recv(2**16):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - begun


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"G",
        b"GET / HTTP/1.1",
        REQUEST,
        REQUEST + b"X-Long: ",
        b"\r\n" * 20,
        b"\x16\x03\x01\x02\x00\x01",  # what https begins with
    ],
)
def test_a_half_sent_request_is_given_up(hasty: Server, half: bytes) -> None:
    with closing(hasty.connect()) as connection:
        connection.sendall(half)
        assert seconds_until_it_ends(connection) < 5
    assert hasty.get().status == 200


def test_a_request_that_comes_in_drops_is_given_up(hasty: Server) -> None:
    begun = time.monotonic()
    with closing(hasty.connect()) as connection, pytest.raises(ConnectionError):
        connection.sendall(REQUEST)
        while time.monotonic() - begun < 15:
            connection.sendall(b"X: y\r\n")
            time.sleep(0.05)
    assert time.monotonic() - begun < 10


def test_a_second_request_has_as_long_as_the_first(hasty: Server) -> None:
    with closing(hasty.connect()) as connection:
        for _ in range(15):  # longer than one request may take
            connection.sendall(b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert connection.recv(2**16).startswith(b"HTTP/1.1 200 ")
            time.sleep(0.1)
        connection.sendall(REQUEST)
        assert seconds_until_it_ends(connection) < 5


def test_who_does_not_read_is_given_up(hasty: Server) -> None:
    with closing(socket.socket()) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", hasty.port))
        # More than all buffers on the way hold.
        connection.sendall(b"GET /runtime.wasm HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 1500)
        time.sleep(1.2)
        received = 0
        with suppress(ConnectionError):
            while block := connection.recv(2**20):
                received += len(block)
        assert received < 1500 * 20_000
    assert hasty.get().status == 200


@pytest.mark.parametrize(
    "request_of_a_megabyte",
    [
        REQUEST + b"X: " + b"y" * 2**20 + b"\r\n\r\n",
        REQUEST + b"X: y\r\n" * 2**18 + b"\r\n",
        b"GET /" + b"a" * 2**20 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
    ids=["a long header", "many headers", "a long path"],
)
def test_a_request_without_measure_is_refused(server: Server, request_of_a_megabyte: bytes) -> None:
    reply = b""
    with closing(server.connect()) as connection, suppress(ConnectionError):
        connection.sendall(request_of_a_megabyte)  # which may be refused before all is sent
        reply = connection.recv(2**16)
    assert reply == b"" or reply.startswith(b"HTTP/1.1 400 ")
    assert server.get().status == 200


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\r\n\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\nHost: 127.0.0.1\r\nX\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1, 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        bytes(range(256)) * 8,
    ],
)
def test_what_is_no_request_is_refused(hasty: Server, nonsense: bytes) -> None:
    reply = hasty.raw(nonsense)
    assert reply == b"" or reply.split(b" ")[1] in (b"400", b"405", b"501")
    assert hasty.get().status == 200


def test_a_body_is_not_waited_for(server: Server) -> None:
    for more in (b"Content-Length: 1000000000\r\n", b"Transfer-Encoding: chunked\r\n"):
        reply = server.raw(REQUEST + more + b"\r\nhere it comes")
        assert reply.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in reply.lower()


def test_a_websocket_is_not_opened(server: Server) -> None:
    asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "eA=="}
    reply = server.ask("/", headers={**asked, "Sec-WebSocket-Version": "13"})
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_a_thousand_requests_at_once_are_served_or_refused(server: Server, small: bytes) -> None:
    def ask(number: int) -> Reply | None:
        try:
            return server.get(("artifacts/rain.onnx", "artifacts.json", "page.js", "")[number % 4])
        except ConnectionError:
            return None

    with ThreadPoolExecutor(100) as many:
        replies = list(many.map(ask, range(1000)))
    assert [reply.status if reply else 0 for reply in replies] == [200] * 1000
    assert all(reply is not None and reply.body == small for reply in replies[::4])


def test_of_many_who_are_connected_before_they_ask_each_has_its_turn(server: Server) -> None:
    count = MAX_ANSWERED + 100
    with ExitStack() as open_ones:
        opened = [open_ones.enter_context(closing(server.connect())) for _ in range(count)]
        for connection in opened:
            connection.sendall(REQUEST + b"Connection: close\r\n\r\n")
        assert {connection.recv(12)[9:12] for connection in opened} == {b"200"}


def test_who_only_connects_keeps_nobody_out(start: Start) -> None:
    server = start(MAX_ANSWERED=8, CROWDED_S=0.2, LOOK_EVERY_S=0.05)
    with ExitStack() as open_ones:
        idle = [open_ones.enter_context(closing(server.connect())) for _ in range(20)]
        for connection in idle:
            connection.sendall(b"GET / HT")
        begun = time.monotonic()
        assert server.get().status == 200
        assert time.monotonic() - begun < 8
        assert seconds_until_it_ends(idle[0]) < 1


def test_where_too_many_wait_the_next_is_told(start: Start) -> None:
    server = start(MAX_ANSWERED=0, MAX_WAITING=3)
    with ExitStack() as open_ones:
        for _ in range(3):
            open_ones.enter_context(closing(server.connect()))
        reply = server.raw(b"")
    status, *headers = reply.decode().split("\r\n")
    assert status == "HTTP/1.1 503 Service Unavailable"
    assert {"Retry-After: 1", *(f"{name}: {text}" for name, text in HEADERS.items())} <= {*headers}
