"""`python -m benchmarks.serving_kills ARTIFACT`: replicas of Ray Serve die while one plays live.

Two replicas serve on this machine. A client moves and reads at random; now and then the replica
that plays is killed as `kill -9` does it. What the client heard is compared with the same moves and
reads of a stream that nobody disturbed.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from pathlib import Path

import numpy as np

from distill_runtime import Artifact, StereoSettings
from distill_runtime.arrays import Float32Array
from distill_runtime.audio.snr import snr_db
from distill_runtime.generation.live.handed_stream import HandedStream
from distill_runtime.generation.live.handover import Handover
from distill_runtime.serving import app
from distill_runtime.serving.live import words
from distill_runtime.serving.live.client import LiveClient

_REPLICA = b"ray::ServeReplica:distill"
_SEED = 7


def replicas() -> list[int]:
    """Return the processes that serve."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            ours = _parent(_parent(int(folder.name))) == os.getpid()  # by way of the raylet
        except OSError:
            continue
        if ours and command.startswith(_REPLICA):
            found.append(int(folder.name))
    return found


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def processor_ticks(pid: int) -> int:
    """Return how long a process has run, in the system's ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def play(address: str, artifact: Artifact, kills: int) -> None:
    """Play until so many times the replica that plays has died, and compare."""
    drawn = np.random.default_rng(_SEED)
    begin = {"seed": _SEED, "drift": 0.4, "stereo": "mid-side"}
    stereo = StereoSettings("mid-side")
    alone = HandedStream(
        artifact, Handover.beginning(artifact, seed=_SEED, drift=0.4, stereo=stereo)
    )
    heard: list[Float32Array] = []
    expected: list[Float32Array] = []
    waits: list[float] = []
    with LiveClient(address, begin) as client:
        died, ticks = 0, dict[int, int]()
        while client.reconnections < kills:
            if drawn.random() < 0.3:
                moves = _moves(drawn, artifact)
                client.move(**moves)
                words.move(alone, moves)
            before = client.reconnections
            pids = replicas()
            if drawn.random() < 0.05 and len(pids) == 2 and ticks.keys() == set(pids):
                # The one that has worked for us since the last look.
                busiest = max(pids, key=lambda pid: processor_ticks(pid) - ticks[pid])
                os.kill(busiest, signal.SIGKILL)
                died += 1
                print(f"killed a replica, {client.reconnections} deaths played through", flush=True)
            elif len(pids) == 2 and ticks.keys() != set(pids):
                ticks = {pid: processor_ticks(pid) for pid in pids}
            samples = int(drawn.integers(words.MIN_READ_SAMPLES, 12_000))
            began = time.perf_counter()
            heard.append(client.read(samples))
            if client.reconnections > before:
                waits.append(time.perf_counter() - began)
            expected.append(alone.read(samples))
    sound, wanted = np.concatenate(heard, axis=1), np.concatenate(expected, axis=1)
    seconds = sound.shape[1] / artifact.sample_rate_hz
    equal = np.array_equal(sound, wanted)
    print(f"{died} replicas killed, {client.reconnections} of them while they played this sound")
    print(f"{seconds:.1f} s heard, equal bit for bit: {equal}, SNR {snr_db(wanted, sound):.0f} dB")
    print(f"until the next samples came: median {np.median(waits):.2f} s, most {max(waits):.2f} s")


def _moves(drawn: np.random.Generator, artifact: Artifact) -> dict[str, object]:
    moves: dict[str, object] = {"drift": round(float(drawn.random()), 2)}
    if artifact.sliders:
        moves["sliders"] = {"0": round(float(drawn.uniform(-5, 5)), 1)}
    if artifact.controls:
        moves["controls"] = {artifact.controls[0].name: round(float(drawn.uniform(-3, 3)), 1)}
    return moves


def main() -> None:
    """Start a cluster of one machine, and play."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--port", type=int, default=8199)
    arguments = parser.parse_args()
    import ray  # noqa: PLC0415
    from ray import serve  # noqa: PLC0415

    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": arguments.port})
    try:
        path = str(arguments.artifact.resolve())
        serve.run(app({"artifacts": path, "replicas": "2", "cpus": "0.5"}), name="distill")
        artifact = Artifact.load(arguments.artifact)
        play(f"ws://127.0.0.1:{arguments.port}/v1/live", artifact, arguments.kills)
    finally:
        serve.shutdown()
        ray.shutdown()


if __name__ == "__main__":
    main()
