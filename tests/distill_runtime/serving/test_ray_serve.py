"""The application in Ray Serve: one cluster in a process of its own, for all that is asked of it.

To start a cluster takes some ten seconds, which nothing makes shorter.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime import Artifact, GenerationConfig, GenerationPipeline, RequestError
from distill_runtime.artifact.session import SessionOptions

pytest.importorskip("ray.serve", exc_type=ImportError)

PROGRAM = """
import hashlib, json, os, signal, sys, urllib.request
from pathlib import Path
import numpy as np
import ray
from ray import serve
from distill_runtime.serving import app
from distill_runtime.serving.live.client import LiveClient

artifact, port = sys.argv[1], int(sys.argv[2])
ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
serve.start(http_options={"host": "127.0.0.1", "port": port})
serve.run(app({"artifacts": artifact, "replicas": "2", "cpus": "0.1"}), name="distill")

def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])

def is_replica(folder):
    try:
        command = (folder / "cmdline").read_bytes()
        ours = parent(parent(folder.name)) == os.getpid()  # by way of the raylet
    except OSError:
        return False
    return ours and command.startswith(b"ray::ServeReplica:distill")

def asked(path, body=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read(), dict(response.headers)

sound, headers = asked("/v1/sounds", {"seed": 3, "duration_s": 2})
again, _ = asked(headers["content-location"])
heard = []
with LiveClient(f"ws://127.0.0.1:{port}/v1/live", {"seed": 3, "drift": 0.5}) as client:
    for turn in range(6):
        client.move(sliders={"0": turn})
        heard.append(client.read(20_000))
        if turn == 2:  # both: so the one that plays, too
            for folder in Path("/proc").glob("[0-9]*"):
                if is_replica(folder):
                    os.kill(int(folder.name), signal.SIGKILL)
    print(json.dumps({
        "sound": hashlib.sha256(sound).hexdigest(),
        "again": hashlib.sha256(again).hexdigest(),
        "models": len(json.loads(asked("/v1/models")[0])["models"]),
        "live": hashlib.sha256(np.concatenate(heard, axis=1).tobytes()).hexdigest(),
        "reconnections": client.reconnections,
    }))
serve.shutdown()
ray.shutdown()
"""


@pytest.fixture(scope="module")
def found(playable_artifact: Path, free_port: int) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(playable_artifact), str(free_port)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    (line,) = [line for line in run.stdout.splitlines() if line.startswith('{"sound"')]
    return dict(json.loads(line))


@pytest.fixture(scope="module")
def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_a_sound_is_the_file(found: dict[str, Any], playable_artifact: Path) -> None:
    import hashlib

    artifact = Artifact.load(playable_artifact, options=SessionOptions(threads=1))
    result = GenerationPipeline(artifact).generate(GenerationConfig(duration_s=2.0, seed=3))
    wanted = hashlib.sha256(b"".join(result.wav_chunks())).hexdigest()
    assert (found["sound"], found["again"], found["models"]) == (wanted, wanted, 1)


def test_a_live_sound_goes_on_when_its_replica_dies(
    found: dict[str, Any], playable_artifact: Path
) -> None:
    import hashlib

    from distill_runtime.generation.live.handed_stream import HandedStream
    from distill_runtime.generation.live.handover import Handover

    artifact = Artifact.load(playable_artifact)
    alone = HandedStream(artifact, Handover.beginning(artifact, seed=3, drift=0.5))
    heard = []
    for turn in range(6):
        alone.move_slider(0, turn)
        heard.append(alone.read(20_000))
    assert found["reconnections"] >= 1
    assert found["live"] == hashlib.sha256(np.concatenate(heard, axis=1).tobytes()).hexdigest()


@pytest.mark.parametrize(
    "arguments", [{}, {"artifacts": "x", "replicas": "0"}, {"artifacts": "x", "cpus": "many"}]
)
def test_wrong_arguments_are_refused(arguments: dict[str, str]) -> None:
    from distill_runtime.serving import app

    with pytest.raises(RequestError):
        app(arguments)
