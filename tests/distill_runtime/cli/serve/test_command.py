"""`distill-run serve` as its user has it: what it says, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from distill_runtime.cli import program as command_line
from distill_runtime.cli.app import app
from distill_runtime.cli.serve import page_files
from tests import environments
from tests.distill_runtime.cli.serve.conftest import PROGRAM, Server, Start

RUNTIME = environments.python(".venv-runtime")


def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: object
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["distill-run", "serve", *map(str, arguments)])
    code = command_line.run(app, "distill-run")
    return (code, *capsys.readouterr())


def ended(server: Server, number: int) -> tuple[int, str, str]:
    server.process.send_signal(number)
    out, said = server.process.communicate(timeout=20)
    return server.process.returncode, out, said


def test_it_says_where_it_is_and_ctrl_c_ends_it(start: Start) -> None:
    server = start()
    server.get()
    code, out, said = ended(server, signal.SIGINT)
    assert (code, out) == (130, "")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", server.address)
    expected = f"one artifact of {server.folder}; Ctrl-C ends it\ndistill-run: interrupted\n"
    assert said == expected


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_means_the_same_as_ctrl_c_ends_it_alike(start: Start, number: signal.Signals) -> None:
    code, _, said = ended(start(), number)
    assert code == 128 + number
    assert said.endswith(f"distill-run: interrupted by {number.name}\n")


def test_ctrl_c_waits_for_nobody(start: Start) -> None:
    server = start()
    with server.connect() as half, server.connect() as idle:
        half.sendall(b"GET / HTTP/1.1\r\n")
        idle.sendall(b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        idle.recv(100)
        begun = time.monotonic()
        assert ended(server, signal.SIGINT)[0] == 130
        assert time.monotonic() - begun < 6


def test_other_machines_are_warned_of(start: Start) -> None:
    server = start("--host", "0.0.0.0")
    _, _, said = ended(server, signal.SIGINT)
    assert said.startswith("warning: whoever can reach this machine and has the address can read")


def test_the_default_port_is_left_for_the_next_if_it_is_in_use(
    start: Start, stub_page: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", PROGRAM, stub_page, "{}", "serve", tmp_path, "--no-browser"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    try:
        blocker = socket.create_server(("127.0.0.1", 8048))
    except OSError:
        blocker = socket.socket()  # somebody has it already
    with blocker, subprocess.Popen(list(map(str, command)), **streams) as process:  # type: ignore[call-overload]
        address = process.stdout.readline().strip()
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    port = int(address.removesuffix("/").rpartition(":")[2])
    assert 8048 < port < 8068
    assert said.startswith(f"port 8048 is in use, so it is {port}: what a browser keeps")
    assert f"no artifact yet of {tmp_path}; Ctrl-C ends it" in said


def test_a_port_that_is_named_and_in_use_is_one_line(
    page: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, out, said = run(capsys, monkeypatch, tmp_path, "--port", port)
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"distill-run: port {port} is in use: --port \d+ is free\n", said)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["none"], "none is not a folder: give the folder that holds the artifacts"),
        (["--port", "65536"], "--port is '65536', expected a whole number from 0 to 65535"),
        (["--port", "x"], "--port is 'x', expected a whole number"),
        (["--host", "no.such.host.invalid"], "the host 'no.such.host.invalid' is not known here"),
        (["--export-site", "no/site"], "folder no does not exist: make it first"),
    ],
)
def test_misuse_is_one_line(
    page: Path,
    arguments: list[str],
    expected: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, said = run(capsys, monkeypatch, *arguments)
    assert (code, out, said.count("\n")) == (2, "", 1)
    assert expected in said


@pytest.mark.parametrize("options", [[], ["--export-site", "site"]])
def test_a_page_that_is_not_built_is_one_line(
    options: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page_files, "page_folder", lambda: tmp_path / "none")
    monkeypatch.chdir(tmp_path)
    code, out, said = run(capsys, monkeypatch, *options)
    assert (code, out) == (1, "")
    assert said.startswith("distill-run: the page is not built here: run make page where")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not RUNTIME.exists(), reason="not set up: make .venv-runtime/.installed")
def test_without_uvicorn_it_says_what_to_install(library: Path, tmp_path: Path) -> None:
    done = environments.run(
        RUNTIME, "-m", "distill_runtime", "serve", path=[library], folder=tmp_path, code=1
    )
    expected = "uvicorn is not installed, and distill-run serve needs it: pip install uvicorn"
    assert (done.stdout, done.stderr) == ("", f"distill-run: {expected}\n")


def test_the_browser_is_opened_at_the_address(stub_page: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(
        f'#!/bin/sh\necho "$1" > {tmp_path}/asked.new\nmv {tmp_path}/asked.new {tmp_path}/asked\n'
    )
    browser.chmod(0o755)
    command = [sys.executable, "-c", PROGRAM, stub_page, "{}", "serve", tmp_path, "--port", "0"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    variables = {**os.environ, "BROWSER": str(browser)}
    with subprocess.Popen(list(map(str, command)), env=variables, **streams) as process:  # type: ignore[call-overload]
        address = process.stdout.readline()
        begun = time.monotonic()
        while not (tmp_path / "asked").exists() and time.monotonic() - begun < 10:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
    assert (tmp_path / "asked").read_text() == address
    assert process.returncode == 130


def test_the_site_is_written_and_named(
    page: Path,
    small: bytes,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rain.onnx").write_bytes(small)
    (tmp_path / "broken.onnx").write_bytes(b"no artifact")
    code, out, said = run(capsys, monkeypatch, ".", "--export-site", "site", "--trust")
    assert (code, out) == (0, "site\n")
    refused, told = said.splitlines()
    assert refused.startswith("skipped broken.onnx: ")
    assert told == "one artifact; README.txt says what a web server has to send with them"
    (entry,) = json.loads((tmp_path / "site" / "artifacts.json").read_text())["artifacts"]
    assert entry["file"] == "rain.onnx"
