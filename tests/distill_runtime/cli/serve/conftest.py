"""A server as its user starts it, with a page of a few lines in the place of the real one."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from distill_runtime.cli.serve import page_files
from tests.distill_runtime.small_artifacts import save, seal, small_model

# What the tests say of the page, and of the seconds that a connection has, before the program runs.
PROGRAM = """
import json, sys
from pathlib import Path
page, settings = Path(sys.argv.pop(1)), json.loads(sys.argv.pop(1))
from distill_runtime.cli.serve import connections, page_files
page_files.page_folder = lambda: page
for name, value in settings.items():
    assert hasattr(connections, name)
    setattr(connections, name, value)
from distill_runtime.cli import main
main()
"""
PAGE = {
    "index.html": "<!doctype html><title>Distill</title><script type=module src=page.js></script>",
    "page.js": "// the page\n" * 1000,
    "deep/worker.mjs": "export const here = import.meta.url;",
    "runtime.wasm": "\0asm" + "code" * 5000,
    "player.html": "<!doctype html><!--distill:model-->",
    ".hidden.js": "not to be handed out",
}


def write_page(folder: Path) -> Path:
    for name, text in PAGE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="session")
def stub_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("page"))


@pytest.fixture
def page(stub_page: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the stub in the page's place, in this process."""
    monkeypatch.setattr(page_files, "page_folder", lambda: stub_page)
    return stub_page


@pytest.fixture(scope="session")
def small() -> bytes:
    return bytes(seal(small_model()).SerializeToString())


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    process: subprocess.Popen[str]
    folder: Path
    address: str  # as it was printed

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0

    @property
    def start(self) -> str:
        return urlsplit(self.address).path

    def connect(self, timeout_s: float = 20.0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s)

    def get(self, name: str = "", method: str = "GET", **headers: str) -> Reply:
        """Ask for something below the page's address."""
        return self.ask(
            self.start + name, method, {k.replace("_", "-"): v for k, v in headers.items()}
        )

    def ask(self, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Reply:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, text in {"Host": f"127.0.0.1:{self.port}", **(headers or {})}.items():
                connection.putheader(name, text)
            connection.endheaders()
            reply = connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read())

    def raw(self, content: bytes) -> bytes:
        """Send bytes as they are and return all that comes back."""
        with closing(self.connect()) as connection:
            connection.sendall(content)
            received = b""
            while block := connection.recv(2**16):
                received += block
        return received

    def artifacts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.get("artifacts.json").body)["artifacts"]
        return found


Start = Callable[..., Server]


@pytest.fixture(scope="session")
def start(
    stub_page: Path, tmp_path_factory: pytest.TempPathFactory, small: bytes
) -> Iterator[Start]:
    """Return what starts a server, on a free port, of a folder with one artifact."""
    processes = []

    def run(*options: str, **settings: float) -> Server:
        folder = tmp_path_factory.mktemp("sounds")
        save(small, folder / "rain.onnx")
        command = [sys.executable, "-W", "error", "-c", PROGRAM, stub_page, json.dumps(settings)]
        command += ["serve", folder, "--trust", "--no-browser", "--port", "0", *options]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(list(map(str, command)), **streams)  # type: ignore[call-overload]
        processes.append(process)
        address = process.stdout.readline().strip()
        assert address, process.stderr.read()
        return Server(process, folder, address)

    yield run
    for process in processes:
        process.send_signal(signal.SIGINT)
    for process in processes:
        _, said = process.communicate(timeout=20)
        assert "Traceback" not in said
        assert "rror" not in said


@pytest.fixture(scope="session")
def server(start: Start) -> Server:
    return start()
