"""`distill-run serve --api` as its user starts it, and a client that plays on when it dies."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

for module in ("fastapi", "prometheus_client", "uvicorn", "websockets"):
    pytest.importorskip(module)

from distill_runtime import (  # noqa: E402
    Artifact,
    DependencyError,
    FailureError,
    GenerationConfig,
    GenerationPipeline,
    RequestError,
    SessionOptions,
)
from distill_runtime.generation.live.handed_stream import HandedStream  # noqa: E402
from distill_runtime.generation.live.handover import Handover  # noqa: E402
from distill_runtime.serving import extras  # noqa: E402
from distill_runtime.serving.live.client import LiveClient  # noqa: E402


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[str]
    port: int
    said: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(folder: Path, *options: str, **variables: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "distill_runtime", "serve", str(folder), "--api", *options]
    own = {f"DISTILL_SERVING_{name.upper()}": value for name, value in variables.items()}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **own},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r":(\d+)/v1/models", line)
        assert found is not None, process.communicate()[1]
        yield Server(process, int(found[1]), line)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def folder(playable_artifact: Path) -> Path:
    return playable_artifact.parent


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving(folder, "--port", "0", max_body_bytes="1000", body_timeout_s="0.2") as server:
        yield server


def asked(server: Server, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
    content = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(server.address + path, content, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize("level", ["normalised", 3.0])
def test_a_sound_comes_over_http(server: Server, playable_artifact: Path, level: object) -> None:
    artifact = Artifact.load(playable_artifact, options=SessionOptions(threads=1))
    pipeline, config = GenerationPipeline(artifact), GenerationConfig(duration_s=2.0, seed=3)
    result = pipeline.generate(config)
    wanted = (
        result.wav_chunks()
        if level == "normalised"
        else pipeline.stream_wav(config, gain=3.0, bit_depth=24)
    )
    body = {"duration_s": 2.0, "seed": 3, "level": level}
    assert asked(server, "/v1/sounds", body) == (200, b"".join(wanted))


def test_other_sites_are_turned_away(server: Server) -> None:
    for headers, status in (
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": server.address}, 200),
    ):
        found, body = asked(server, "/v1/models", **headers)
        assert found == status
        assert found == 200 or json.loads(body)["status"] == status


def test_a_body_has_to_come(server: Server) -> None:
    assert asked(server, "/v1/sounds", {"model": "x" * 2000})[0] == 413
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(
            b"POST /v1/sounds HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\n{"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_client_plays_on_when_its_server_dies(folder: Path, playable_artifact: Path) -> None:
    begin = {"seed": 4, "drift": 0.5, "stereo": "mid-side"}
    from distill_runtime import StereoSettings

    artifact = Artifact.load(playable_artifact)
    alone = HandedStream(
        artifact,
        Handover.beginning(artifact, seed=4, drift=0.5, stereo=StereoSettings("mid-side")),
    )
    with ExitStack() as servers:
        first = servers.enter_context(serving(folder, "--port", "0", key="shared", token="x"))
        port = first.port
        address = f"ws://127.0.0.1:{port}/v1/live"
        with LiveClient(address, begin, token="x") as client:
            for turn in range(9):
                if turn in (3, 6):
                    first.process.kill()
                    first.process.wait()
                    first = servers.enter_context(
                        serving(folder, "--port", str(port), key="shared", token="x")
                    )
                client.move(sliders={"0": turn - 4})
                alone.move_slider(0, turn - 4)
                np.testing.assert_array_equal(client.read(20_000), alone.read(20_000))
            assert client.reconnections == 2
            with pytest.raises(RequestError, match="there is no slider 9"):
                client.move(sliders={"9": 1})
            np.testing.assert_array_equal(client.read(300), alone.read(300))
        first.process.send_signal(signal.SIGINT)
        assert first.process.wait(20) == 130
    with pytest.raises(FailureError, match="no server goes on"):
        LiveClient(address, begin, patience_s=0.0)


def test_what_is_wrong_is_said_in_a_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "distill_runtime", "serve", str(tmp_path), "--api"]
    for options, said in (
        ([], "there is no artifact in"),
        (["--export-site", "x"], "--api serves and --export-site writes a page"),
    ):
        run = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        assert (run.returncode, run.stdout) == (2, "")
        assert said in run.stderr
        assert run.stderr.count("\n") == 1


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "fastapi" else name)
    with pytest.raises(DependencyError, match="fastapi is not installed, and this needs it"):
        extras.require(extras.API, needed_by="this")
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(DependencyError, match="pip install fastapi prometheus-client uvicorn"):
        extras.require(extras.API, needed_by="this")
