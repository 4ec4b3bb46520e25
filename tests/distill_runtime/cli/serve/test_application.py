"""A real server on the loopback: what it hands out, and that it is never anything else."""

from __future__ import annotations

import gzip
import hashlib
import os
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from distill_runtime.cli.serve.headers import HEADERS
from tests.distill_runtime.cli.serve.conftest import PAGE, Server, Start

SECRET = b"a secret outside the folder"


@pytest.fixture(scope="module")
def secretive(server: Server) -> Server:
    """Put things beside and into the folder that are not to be handed out."""
    folder = server.folder
    (folder.parent / "secret.onnx").write_bytes(SECRET)
    (folder.parent / "secret.txt").write_bytes(SECRET)
    (folder / "link.onnx").symlink_to("../secret.onnx")
    (folder / "door").symlink_to("..")
    for name in ("notes.txt", ".hidden.onnx", "broken.onnx", ".env", "rain.onnx~"):
        (folder / name).write_bytes(SECRET)
    (folder / "deep").mkdir()
    (folder / "deep" / "sea.onnx").write_bytes(SECRET)
    return server


def test_the_page_is_handed_out(server: Server) -> None:
    assert server.address == f"http://127.0.0.1:{server.port}/"
    index = server.get()
    assert (index.status, index.body) == (200, PAGE["index.html"].encode())
    assert server.get("index.html").body == index.body
    for name in ("page.js", "deep/worker.mjs", "runtime.wasm"):
        assert server.get(name).body == PAGE[name].encode()
    assert server.get("runtime.wasm").headers["Content-Type"] == "application/wasm"
    assert server.get("deep/worker.mjs").headers["Content-Type"].startswith("text/javascript")


def test_the_artifacts_are_handed_out(server: Server, small: bytes) -> None:
    (entry,) = [one for one in server.artifacts() if one["file"] == "rain.onnx"]
    reply = server.get("artifacts/rain.onnx")
    assert reply.body == small
    assert hashlib.sha256(reply.body).hexdigest() == entry["sha256"]
    assert int(reply.headers["Content-Length"]) == entry["bytes"]
    assert server.get("artifacts.json").headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    "name", ["", "page.js", "artifacts.json", "artifacts/rain.onnx", "nothing", "artifacts/no.onnx"]
)
def test_every_answer_has_the_headers(server: Server, name: str) -> None:
    for reply in (server.get(name), server.get(name, "HEAD"), server.get(name, "POST")):
        assert {header: reply.headers[header] for header in HEADERS} == HEADERS
        assert "Server" not in reply.headers


def test_the_policy_lets_the_page_run_what_lies_beside_it_and_no_more() -> None:
    assert HEADERS["Cross-Origin-Opener-Policy"] == "same-origin"
    assert HEADERS["Cross-Origin-Embedder-Policy"] == "require-corp"
    policy = HEADERS["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy
    assert policy.startswith("default-src 'none';")
    for loose in ("unsafe-inline", "'unsafe-eval'", "*", "http:", "https:"):
        assert loose not in policy


@pytest.mark.parametrize("name", ["", "page.js", "artifacts.json", "artifacts/rain.onnx"])
def test_head_is_get_without_its_body(server: Server, name: str) -> None:
    whole, head = server.get(name), server.get(name, "HEAD")
    assert head.body == b""
    for reply in (whole, head):
        del reply.headers["date"]
    assert (head.status, head.headers.items()) == (200, whole.headers.items())


@pytest.mark.parametrize("name", ["", "page.js", "artifacts.json", "artifacts/rain.onnx"])
def test_what_a_browser_has_is_not_sent_again(server: Server, name: str) -> None:
    reply = server.get(name)
    assert reply.headers["Cache-Control"] == "no-cache"
    tag = reply.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = server.get(name, If_None_Match=known)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert server.get(name, If_None_Match='"x"').status == 200


@pytest.mark.parametrize("name", ["", "page.js", "runtime.wasm"])
def test_the_page_is_packed_for_who_takes_that(server: Server, name: str) -> None:
    plain = server.get(name)
    assert plain.headers["Vary"] == "Accept-Encoding"
    packed = server.get(name, Accept_Encoding="br, gzip;q=0.8")
    assert packed.headers["Content-Encoding"] == ("gzip" if name else None)  # index.html is short
    if name:
        assert gzip.decompress(packed.body) == plain.body
        assert len(packed.body) < len(plain.body) / 2
        assert packed.headers["ETag"] != plain.headers["ETag"]
        tag = packed.headers["ETag"]
        assert server.get(name, Accept_Encoding="gzip", If_None_Match=tag).status == 304
    for refused in ("br", "gzip;q=0", "identity", "xgzip"):
        assert "Content-Encoding" not in server.get(name, Accept_Encoding=refused).headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
def test_only_reading_is_answered(server: Server, method: str) -> None:
    reply = server.get("artifacts/rain.onnx", method)
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")
    assert reply.body == b"405: only GET and HEAD are answered here\n"


def test_another_host_and_another_origin_are_refused(server: Server) -> None:
    for name in ("", "artifacts.json", "artifacts/rain.onnx", "nothing"):
        assert server.get(name, Host=f"evil.example:{server.port}").status == 421
        assert server.get(name, Origin="http://evil.example").status == 403
        assert server.get(name, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="cors").status == 403
    own = f"http://127.0.0.1:{server.port}"
    assert server.get("artifacts/rain.onnx", Origin=own).status == 200


def test_two_hosts_and_none_are_refused(server: Server) -> None:
    name = b"Host: 127.0.0.1\r\n"
    for hosts in (b"", name + b"Host: evil.example\r\n", name * 2):
        reply = server.raw(
            b"GET /artifacts.json HTTP/1.1\r\nConnection: close\r\n" + hosts + b"\r\n"
        )
        assert reply.startswith(b"HTTP/1.1 400 ")
        assert b"rain" not in reply
    assert server.raw(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 421 ")


UP = [
    "..",
    "%2e%2e",
    "%2E%2e",
    ".%2e",
    "%252e%252e",
    "..%00",
    "%c0%ae%c0%ae",
    "%e0%80%ae%e0%80%ae",
    "..;",
    "\\..",
    "..%5c",
    "%uff0e%uff0e",
    "....//..",
    "%EF%BC%8E%EF%BC%8E",
]
SLASH = ["/", "%2f", "%2F", "%5c", "\\", "//", "%252f", "%c0%af", "/./", "/%2e/"]
PLACES = ["", "artifacts", "artifacts/rain.onnx", "deep", "artifacts/door", "door"]


def test_no_path_leads_out_of_the_folder(secretive: Server) -> None:
    targets = ["secret.onnx", "secret.txt"]
    paths = [
        f"/{place}{slash}{up}{slash}{target}"
        for place in PLACES
        for slash in SLASH
        for up in UP
        for target in targets
    ]
    absolute = str(secretive.folder.parent / "secret.onnx")
    paths += [absolute, f"/artifacts{absolute}", f"/artifacts/{quote(absolute, safe='')}"]
    paths += [f"//{absolute}", f"file://{absolute}", f"http://127.0.0.1{absolute}", "/etc/passwd"]
    paths += [f"/artifacts/{'../' * 40}etc/passwd", f"/artifacts/{'%2e%2e%2f' * 40}etc/passwd"]
    request = "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    asked = "".join(request.format(path) for path in paths)
    asked += "GET /artifacts.json HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    received = secretive.raw(asked.encode("ascii"))
    assert SECRET not in received
    assert b"root:" not in received
    assert received.count(b"HTTP/1.1 404 ") == len(paths) > 1500
    assert received.count(b"HTTP/1.1 ") == len(paths) + 1


@pytest.mark.parametrize(
    "name",
    [
        *("artifacts/link.onnx", "artifacts/door/secret.onnx", "artifacts/deep/sea.onnx"),
        *(
            "artifacts/.hidden.onnx",
            "artifacts/.env",
            "artifacts/notes.txt",
            "artifacts/broken.onnx",
        ),
        *(
            "artifacts/rain.onnx~",
            "artifacts/rain.onnx/",
            "artifacts/rain.onnx%00",
            "artifacts//rain.onnx",
        ),
        *("artifacts/RAIN.onnx", "artifacts/./rain.onnx", "artifacts/", "artifacts", "notes.txt"),
        *(
            "rain.onnx",
            "player.html",
            ".hidden.js",
            "page/index.html",
            "deep",
            "deep/",
            "artifacts.json/",
        ),
        *("index.html/", "Index.html", "page.js.map", "%69ndex.html%20", "\\index.html"),
    ],
)
def test_what_is_not_on_the_list_is_not_there(secretive: Server, name: str) -> None:
    reply = secretive.get(name)
    assert reply.status == 404
    assert reply.body == b"404: there is nothing under this name\n"


def test_what_is_refused_is_not_listed(secretive: Server) -> None:
    assert [one["file"] for one in secretive.artifacts()] == ["rain.onnx"]


def test_a_path_of_bytes_that_are_no_text_is_refused(server: Server) -> None:
    for path in (b"/\xff\xfe", b"/artifacts/\x00rain.onnx", b"/\x1b[31m", b"/artifacts/rain onnx"):
        reply = server.raw(
            b"GET " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        )
        assert reply.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 404 "))
    assert server.get("artifacts/%ff.onnx").status == 404


def test_what_changes_in_the_folder_is_seen_at_the_next_load(start: Start, small: bytes) -> None:
    server = start()
    assert [one["file"] for one in server.artifacts()] == ["rain.onnx"]
    tag = server.get("artifacts/rain.onnx").headers["ETag"]
    other = small.replace(b"Rain on a tin roof", b"Rain on a tan roof")
    (server.folder / "new.onnx").write_bytes(other)
    (server.folder / "\u96e8 #1?.onnx").write_bytes(small)
    replaced = server.folder / ".rain"
    replaced.write_bytes(other)
    replaced.replace(server.folder / "rain.onnx")
    time.sleep(0.3)
    assert [one["file"] for one in server.artifacts()] == [
        "new.onnx",
        "rain.onnx",
        "\u96e8 #1?.onnx",
    ]
    assert server.get("artifacts/new.onnx").body == other
    assert server.get(f"artifacts/{quote(chr(0x96E8) + ' #1?.onnx')}").body == small
    again = server.get("artifacts/rain.onnx", If_None_Match=tag)
    assert (again.status, again.body) == (200, other)
    (server.folder / "rain.onnx").unlink()
    assert server.get("artifacts/rain.onnx").status == 404
    time.sleep(0.3)
    assert "rain.onnx" not in [one["file"] for one in server.artifacts()]


def test_nothing_is_written(server: Server) -> None:
    def found() -> list[tuple[str, int]]:
        paths = sorted(server.folder.rglob("*"))
        return [(str(path), path.lstat().st_mtime_ns) for path in paths]

    before = found()
    for name in ("", "artifacts.json", "artifacts/rain.onnx"):
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            server.get(name, method)
    assert found() == before


def test_where_others_connect_all_is_under_the_token(start: Start, small: bytes) -> None:
    server = start("--host", "0.0.0.0")
    token = server.start.strip("/")
    assert len(token) >= 32
    assert server.address.startswith("http://")
    assert "0.0.0.0" not in server.address
    assert server.get().body == PAGE["index.html"].encode()
    assert server.get("artifacts/rain.onnx").body == small
    assert server.artifacts()[0]["file"] == "rain.onnx"
    wrong = "A" + token[1:] if token[0] != "A" else "B" + token[1:]
    for prefix in ("", wrong, token[:-1], token + "A", token.swapcase(), "%20" + token):
        for name in ("", "index.html", "artifacts.json", "artifacts/rain.onnx", "page.js"):
            reply = server.ask(f"/{prefix}/{name}".replace("//", "/"))
            assert (reply.status, reply.body) == (404, b"404: there is nothing under this name\n")
    assert server.ask(f"/x/..{server.start}").status == 404
    assert server.get(Host="evil.example").status == 421
    assert server.get(Host=f"192.168.1.5:{server.port}").status == 200


def test_a_folder_that_goes_away_is_an_empty_list(start: Start, tmp_path: Path) -> None:
    server = start()
    os.rename(server.folder, tmp_path / "elsewhere")  # noqa: PTH104
    time.sleep(0.3)
    assert server.artifacts() == []
    assert server.get("artifacts/rain.onnx").status == 404
    assert server.get().status == 200
