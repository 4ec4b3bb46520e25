"""The program on a real cluster of one machine: Ray carries sounds and errors, and ends with it.

Ray warns of its own insides, which tests here make errors of: it runs in processes of its own. To
begin a cluster takes most of the time; the tests share one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Ray is not for this system")

_CLUSTER = """
import sys
from distill_runtime.cli.cluster.extras import import_ray
import_ray()
from ray.cluster_utils import Cluster
node = {"num_cpus": 2, "include_dashboard": False, "object_store_memory": 2**27}
machines = Cluster(initialize_head=True, head_node_args=node)
print(machines.address, flush=True)
sys.stdin.read()
machines.shutdown()
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    command = [sys.executable, "-c", _CLUSTER]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()


@pytest.fixture
def program(rain: Path, place: Path) -> Callable[..., subprocess.Popen[str]]:
    def start(*words: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "distill_runtime", rain, "-o", place, *words]
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(list(map(str, command)), text=True, **streams)

    return start


def test_sounds_are_made_once_and_the_same(
    program: Any, address: str, place: Path, alone: Any, tmp_path: Path
) -> None:
    table = tmp_path / "asked.jsonl"
    table.write_text("".join(f'{{"seed": {seed}}}\n' for seed in (3, -3, 4, 5, 6, 7)))
    words = ("--requests", table, "-d", 0.25, "--cluster", address, "--verify", 2)
    with program(*words) as first:
        out, said = first.communicate(timeout=120)
    assert first.returncode == 1, said
    assert out == f"{place}/rain_manifest.jsonl\n"
    assert "row 2: seed is -3, expected an integer from 0 to 4294967295\n" in said
    assert "2 sounds rendered again here are the same bytes\n" in said
    for row, seed in ((1, 3), (3, 4), (4, 5), (5, 6), (6, 7)):
        assert (place / f"rain_row{row}.wav").read_bytes() == alone(seed)
    head, *lines = (place / "rain_manifest.jsonl").read_text().splitlines()
    assert json.loads(head) | {"asked": 6, "made": 5, "there": 0, "failed": 1} == json.loads(head)
    assert [json.loads(line)["row"] for line in lines] == [1, 3, 4, 5, 6, 2]
    before = {path: path.stat().st_ino for path in place.glob("*.wav")}
    with program(*words, "--json") as second:
        out, said = second.communicate(timeout=120)
    assert json.loads(out) | {"made": 0, "there": 5} == json.loads(out)
    assert {path: path.stat().st_ino for path in place.glob("*.wav")} == before


def test_ctrl_c_leaves_whole_sounds(program: Any, address: str, place: Path, alone: Any) -> None:
    with program("-n", 5000, "-d", 0.25, "--cluster", address) as process:
        ends = time.monotonic() + 60
        while not list(place.glob("rain_seed*.wav")) and time.monotonic() < ends:
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert " of 5000 sounds are whole: the same command goes on\n" in said
    sounds = list(place.glob("rain_seed*.wav"))
    assert sounds
    for path in sounds[:9]:
        assert path.read_bytes() == alone(int(path.stem.removeprefix("rain_seed")))
    assert not list(place.glob("*manifest*"))


def test_what_a_cluster_cannot_do_is_said_in_one_line(program: Any, address: str) -> None:
    with program("-n", 2, "--threads", 64, "--cluster", address) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said == (
        "distill-run: --threads is 64, and no machine of the cluster has more than 2 cores\n"
    )
    with program("-n", 2, "--cluster", "nowhere:x") as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith("distill-run: nowhere:x is no cluster: ")
    assert said.count("\n") == 1
