"""Workers, machines and drivers of a cluster killed at random moments (SIGKILL), until all is made.

    python -m tests.campaigns.cluster_kills artifacts/ambience.onnx --sounds 1000

Two machines of one core, which are processes here (`ray.cluster_utils`), and the program that has
them make sounds. Killed are: a worker's process; the second machine, with all its processes, and
another joins later; the program, which is started again with the same words. At the end every
sound must be there, once, whole (the bytes of its single rendering), and no file may have been
replaced that was there at any moment before.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distill_runtime import Artifact, GenerationConfig, GenerationPipeline, SessionOptions
from distill_runtime.cli.cluster.extras import import_ray

KINDS = ("worker", "machine", "program", "worker", "machine", "program", "worker") * 2
_PATIENCE_S = 120.0
_GLANCE_S = 0.02


@dataclass
class Outcome:
    """What kills led to.

    Attributes:
        kills: How many of each kind.
        faults: What should not be, in words.
        seen: File -> what tells it from one that was made again, where it was first seen whole.
        codes: Of the programs that ended by themselves.
    """

    kills: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)

    def look(self, folder: Path) -> int:
        """Look at what is there; return how many sounds that are."""
        found = {path.name: path.stat() for path in folder.glob("*_seed*.wav")}
        for name, status in found.items():
            identity = status.st_ino, status.st_mtime_ns
            if self.seen.setdefault(name, identity) != identity:
                self.faults.append(f"{name} was made again")
                self.seen[name] = identity
        self.faults += [f"{name} is gone" for name in self.seen.keys() - found.keys()]
        return len(found)


class Machines:
    """A cluster of two machines of a core, as processes of this one."""

    def __init__(self) -> None:
        import_ray()
        from ray.cluster_utils import Cluster

        self._node = {"num_cpus": 1, "object_store_memory": 2**27}
        head = {**self._node, "include_dashboard": False}
        self._cluster: Any = Cluster(initialize_head=True, head_node_args=head)
        self._second = self._cluster.add_node(**self._node)
        self._cluster.wait_for_nodes()
        self.address = str(self._cluster.address)

    def kill_worker(self, chance: random.Random) -> bool:
        """Kill a process that renders, if there is one."""
        workers = [process for process in _descendants(os.getpid()) if _renders(process)]
        if not workers:
            return False
        with suppress(ProcessLookupError):
            os.kill(chance.choice(workers), signal.SIGKILL)
            return True
        return False

    def kill_machine(self) -> bool:
        """Kill the second machine, and have another join."""
        self._cluster.remove_node(self._second, allow_graceful=False)
        self._second = self._cluster.add_node(**self._node)
        return True

    def end(self) -> None:
        """End all of them."""
        self._cluster.shutdown()


def run(
    artifact: Path, folder: Path, *, sounds: int, kinds: Sequence[str], seed: int, duration_s: float
) -> Outcome:
    """Kill, until all kinds had their turn, and compare what is there in the end."""
    chance, outcome = random.Random(seed), Outcome()
    machines = Machines()
    waiting = list(kinds)
    chance.shuffle(waiting)
    folder.mkdir(exist_ok=True)
    words = [str(artifact), "-n", sounds, "-d", duration_s, "-o", folder]
    command = [sys.executable, "-m", "distill_runtime", *map(str, words)]
    command += ["--cluster", machines.address]
    try:
        while True:
            before = outcome.look(folder)
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            ) as program:
                while waiting and _wait(program, folder, before, chance):
                    kind = waiting.pop()
                    killed = True
                    if kind == "worker":
                        killed = machines.kill_worker(chance)
                    elif kind == "machine":
                        killed = machines.kill_machine()
                    else:
                        program.kill()
                    outcome.kills[kind] += killed
                    before = outcome.look(folder)
                    if kind == "program":
                        break
                _, said = program.communicate(timeout=600)
            if program.returncode != -signal.SIGKILL:
                outcome.codes.append(program.returncode)
                if program.returncode:
                    outcome.faults.append(f"it said: {said.decode('utf-8', 'replace')[-400:]}")
                break
    finally:
        machines.end()
    outcome.look(folder)
    outcome.faults += list(_compare(artifact, folder, sounds, duration_s))
    return outcome


def _wait(program: Any, folder: Path, before: int, chance: random.Random) -> bool:
    """Wait for more sounds, and a moment; whether the program is still at it."""
    ends = time.monotonic() + _PATIENCE_S
    more = before + chance.randrange(1, 12)
    while program.poll() is None and time.monotonic() < ends:
        if sum(1 for _ in folder.glob("*_seed*.wav")) >= more:
            time.sleep(chance.random() * 0.3)
            return program.poll() is None
        time.sleep(_GLANCE_S)
    return False


def _compare(artifact: Path, folder: Path, sounds: int, duration_s: float) -> Iterator[str]:
    """Yield what is not as it should be of the sounds that are there."""
    options = SessionOptions(provider="cpu", threads=1)
    pipeline = GenerationPipeline(Artifact.load(artifact, options=options))
    names = {f"{artifact.stem}_seed{seed}.wav": seed for seed in range(sounds)}
    there = {path.name for path in folder.iterdir()}
    manifest = f"{artifact.stem}_manifest.jsonl"
    if strange := there - names.keys() - {manifest}:
        yield f"there are also {sorted(strange)[:4]}"
    with tempfile.TemporaryDirectory() as place:
        for name, seed in names.items():
            if name not in there:
                yield f"{name} is missing"
                continue
            alone = Path(place) / name
            pipeline.generate(GenerationConfig(duration_s, seed)).save(alone)
            if alone.read_bytes() != (folder / name).read_bytes():
                yield f"{name} is not its single rendering"
            alone.unlink()
    head = json.loads((folder / manifest).read_text("utf-8").partition("\n")[0])
    if head["made"] + head["there"] != sounds or head["failed"]:
        yield f"the manifest says {head['made']} made, {head['there']} there"


def _descendants(process: int) -> Iterator[int]:
    """Yield the processes below one, by what Linux says of them."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    waiting = children.get(process, [])
    while waiting:
        found = waiting.pop()
        yield found
        waiting += children.get(found, [])


def _renders(process: int) -> bool:
    with suppress(OSError):
        return b"ray::make_piece" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def main() -> int:
    """Run the campaign and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--sounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        outcome = run(
            asked.artifact,
            Path(place) / "sounds",
            sounds=asked.sounds,
            kinds=KINDS[: asked.kills],
            seed=asked.seed,
            duration_s=2.0,
        )
    print(f"killed: {dict(outcome.kills)}; sounds seen: {len(outcome.seen)}")
    print(
        "\n".join(outcome.faults) or "nothing missing, nothing double, nothing half, nothing again"
    )
    return bool(outcome.faults)


if __name__ == "__main__":
    sys.exit(main())
