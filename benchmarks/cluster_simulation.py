"""How far a cluster grows in proportion: simulated, from service times measured here.

    python -m benchmarks.cluster_simulation artifacts/ambience.onnx

Measured on this machine: how long a worker takes for a sound, to begin, and how long the program's
own process is busy with a task. Simulated, event by event: workers that take tasks in the order in
which the program submits them, the program, which handles one result at a time, and a destination
that takes so many bytes a second from all of them together.
"""

from __future__ import annotations

import argparse
import heapq
import os
import random
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cluster import DURATION_S, Running, plan_of, two_machines
from distill_runtime.cli.cluster.extras import import_ray
from distill_runtime.cli.cluster.job import Piece, sounds_per_task
from distill_runtime.cli.cluster.outcome import FileOutcome, PieceOutcome
from distill_runtime.cli.cluster.ray_cluster import cluster

WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
AHEAD = 3  # tasks for every worker, as `ray_cluster` has them
TASK_SOUNDS = 64  # of the tasks by which the program's own work is measured


@dataclass(frozen=True)
class Service:
    """What was measured.

    Attributes:
        sound_s: What workers took for a sound, of several pieces.
        task_s: How long the program is busy with a task: submitting it, and its result.
        begin_s: From nothing to a worker that has the artifact loaded.
        sound_bytes: Of a sound's file.
    """

    sound_s: tuple[float, ...]
    task_s: float
    begin_s: float
    sound_bytes: int


def measure(artifact: Path, *, sounds: int = 128, tasks: int = 6000) -> Service:
    """Measure the service times, on two machines of a core."""
    ray = import_ray()
    with (
        two_machines() as address,
        cluster(address) as workers,
        tempfile.TemporaryDirectory() as at,
    ):
        plan = plan_of(artifact, Path(at), first=0, count=sounds)
        started = time.perf_counter()
        running = Running(workers, plan)
        begin_s = time.perf_counter() - started
        job, rounds = plan.job(), 4
        manifests = [running.make(turn * sounds, sounds)[1] for turn in range(rounds)]
        times = [made.core_s / made.made for made in manifests]
        empty = ray.remote(nothing)
        pieces = list(job.pieces(plan.rows(), TASK_SOUNDS))
        reference = workers.ship(plan.job)
        ray.get([empty.remote(reference, pieces[0]) for _ in range(64)])
        busy = sum(os.times()[:2])
        waiting, under_way = tasks, []
        while waiting or under_way:  # with as many under way as a thousand workers have
            for _ in range(min(waiting, AHEAD * WORKERS[-1] - len(under_way))):
                under_way.append(empty.remote(reference, pieces[0]))
                waiting -= 1
            first, under_way = ray.wait(under_way, num_returns=1)
            more: list[object] = []
            if under_way:
                more, under_way = ray.wait(under_way, num_returns=len(under_way), timeout=0)
            ray.get([*first, *more])
        task_s = (sum(os.times()[:2]) - busy) / tasks
        size = manifests[0].files[0].size
    return Service(tuple(times), task_s, begin_s, size)


def nothing(reference: object, piece: Piece) -> PieceOutcome:
    """Answer as a piece does, at once."""
    del reference
    cpu = "AuthenticAMD family 25 model 1 stepping 1 (AMD EPYC): avx fma avx2"
    names = ((f"ambience_seed{row.number}.wav", row.number) for row in piece.rows)
    files = tuple(FileOutcome(name, 288_622, "0" * 64, cpu, number) for name, number in names)
    return PieceOutcome(files, (), 0.0)


def simulate(
    workers: int, sounds: int, service: Service, *, bytes_per_s: float, seed: int = 1
) -> float:
    """Return how long so many sounds take, in seconds, from workers that have begun.

    Args:
        workers: Of a core each.
        sounds: How many there are.
        service: What was measured.
        bytes_per_s: What the destination takes.
        seed: Of the service times that are drawn.
    """
    chance = random.Random(seed)
    size = sounds_per_task(sounds, workers, DURATION_S)
    waiting = deque([size] * (sounds // size) + [sounds % size] * bool(sounds % size))
    program = link = ended = 0.0  # until when each is busy
    submitted: deque[tuple[float, int]] = deque()  # since when, how many sounds
    for _ in range(min(len(waiting), max(8, AHEAD * workers))):
        program += service.task_s / 2
        submitted.append((program, waiting.popleft()))
    idle = [(0.0, worker) for worker in range(workers)]
    events: list[tuple[float, int, str, int]] = []  # when, worker, what, how many sounds
    while idle or events:
        while idle and submitted:
            since, count = submitted.popleft()
            free, worker = heapq.heappop(idle)
            took = count * chance.choice(service.sound_s)
            heapq.heappush(events, (max(since, free) + took, worker, "rendered", count))
        if not events:
            break
        now, worker, what, count = heapq.heappop(events)
        if what == "rendered":
            link = max(link, now) + count * service.sound_bytes / bytes_per_s
            heapq.heappush(events, (link, worker, "written", count))
            continue
        ended = now
        program = max(program, now) + service.task_s
        if waiting:
            submitted.append((program, waiting.popleft()))
        heapq.heappush(idle, (now, worker))
    return max(ended, program)


def table(service: Service, sounds: int, links: Sequence[float]) -> None:
    """Print sounds a second, and the share of what as many single workers would make."""
    alone = 1 / statistics.mean(service.sound_s)
    for bytes_per_s in links:
        print(f"{sounds} sounds, a destination of {bytes_per_s / 1e9:g} GB/s")
        for workers in WORKERS:
            took_s = simulate(workers, sounds, service, bytes_per_s=bytes_per_s)
            rate = sounds / took_s
            print(
                f"  {workers:5d} workers {rate:9.1f}/s  {took_s:9.1f} s  "
                f"{rate / (alone * workers):.2f} of linear"
            )


def main() -> None:
    """Measure and simulate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--sounds", type=int, nargs="*", default=[100_000, 1_000_000])
    asked = parser.parse_args()
    service = measure(asked.artifact)
    print(
        f"{1000 * statistics.mean(service.sound_s):.1f} ms a sound of {DURATION_S:g} s, "
        f"{1000 * service.task_s:.2f} ms of the program a task, "
        f"{service.begin_s:.1f} s to begin, {service.sound_bytes} bytes a file"
    )
    for sounds in asked.sounds:
        table(service, sounds, (1e12, 1e9))


if __name__ == "__main__":
    main()
