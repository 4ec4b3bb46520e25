"""Who is answered, and who is not."""

from __future__ import annotations

import pytest

from distill_runtime.cli.serve.access import Access, is_this_machine

LOCAL = Access.of_address("127.0.0.1", "127.0.0.1")
OPEN = Access.of_address("0.0.0.0", "0.0.0.0")
HOST = {"host": "127.0.0.1:8048"}


def status(access: Access, headers: dict[str, str], method: str = "GET") -> int:
    refusal = access.refusal(method, headers)
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8048",
        "127.0.0.1",
        "localhost:8048",
        "LOCALHOST",
        "[::1]:8048",
        "[::1]",
        "localhost:9",
    ],
)
def test_this_machines_own_names_are_right(host: str) -> None:
    assert status(LOCAL, {"host": host}) == 200


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "evil.example:8048", "127.0.0.1.evil.example", "192.168.1.5:8048"),
        *("localhost.evil.example", "127.0.0.1@evil.example", "127.0.0.1:8048:1", "127.0.0.1:x"),
        *(
            "::1",
            "[::1",
            "[::1]x",
            "[evil.example]",
            "localhost.",
            "127.1",
            "0",
            "localhost:\u0663",
        ),
    ],
)
def test_another_name_is_refused(host: str) -> None:
    assert status(LOCAL, {"host": host}) == 421


def test_no_name_is_refused() -> None:
    assert status(LOCAL, {}) == 421


def test_where_others_connect_any_number_is_a_name_and_no_other_site_is() -> None:
    for host in ("192.168.1.5:8048", "[fe80::1]:8048", "localhost", "127.0.0.1"):
        assert status(OPEN, {"host": host}) == 200
    for host in ("evil.example", "192.168.1.5.evil.example", "1", ""):
        assert status(OPEN, {"host": host}) == 421
    named = Access.of_address("Studio.example", "192.0.2.7")
    assert status(named, {"host": "studio.example:8048"}) == 200


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get"]
)
def test_nothing_but_reading(method: str) -> None:
    assert status(LOCAL, HOST, method) == 405


def test_a_body_is_refused() -> None:
    assert status(LOCAL, HOST | {"content-length": "5"}) == 413
    assert status(LOCAL, HOST | {"transfer-encoding": "chunked"}) == 413
    assert status(LOCAL, HOST | {"content-length": "0"}) == 200


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://127.0.0.1:8048", 200),
        ("https://127.0.0.1:8048", 200),
        ("http://127.0.0.1:8049", 403),
        ("http://localhost:8048", 403),
        ("http://evil.example", 403),
        ("http://127.0.0.1:8048.evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_another_origin_is_refused(origin: str, expected: int) -> None:
    assert status(LOCAL, HOST | {"origin": origin}) == expected


@pytest.mark.parametrize(
    ("site", "mode", "dest", "expected"),
    [
        ("none", "navigate", "document", 200),
        ("same-origin", "cors", "empty", 200),
        ("same-origin", "no-cors", "worker", 200),
        ("cross-site", "navigate", "document", 200),  # a link was followed
        ("cross-site", "navigate", "iframe", 403),
        ("cross-site", "no-cors", "script", 403),
        ("cross-site", "no-cors", "image", 403),
        ("same-site", "no-cors", "script", 403),  # another server of this machine
        ("same-site", "cors", "empty", 403),
    ],
)
def test_what_another_site_loads_is_refused(site: str, mode: str, dest: str, expected: int) -> None:
    said = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
    assert status(LOCAL, HOST | said) == expected


def test_only_others_need_a_token() -> None:
    assert LOCAL.token is None
    assert LOCAL.start() == "/"
    assert LOCAL.below("/artifacts/rain.onnx") == "artifacts/rain.onnx"
    assert len(OPEN.token or "") >= 32
    assert Access.of_address("0.0.0.0", "0.0.0.0").token != OPEN.token
    assert OPEN.start() == f"/{OPEN.token}/"


def test_a_token_is_the_whole_of_it_or_none() -> None:
    token = OPEN.token or ""
    assert OPEN.below(f"/{token}/") == ""
    assert OPEN.below(f"/{token}/artifacts/rain.onnx") == "artifacts/rain.onnx"
    for wrong in (
        *("/", "", "/artifacts.json", f"/{token}", f"//{token}/", f"/{token[:-1]}/", f"/{token}x/"),
        *(f"/x/{token}/", f"/{token.swapcase()}/", f"{token}/", "/\u00e9/artifacts.json"),
    ):
        assert OPEN.below(wrong) is None


def test_which_addresses_are_this_machines_alone() -> None:
    assert all(map(is_this_machine, ("127.0.0.1", "127.0.0.2", "::1")))
    assert not any(map(is_this_machine, ("0.0.0.0", "::", "192.168.1.5", "fe80::1")))
