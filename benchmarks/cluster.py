"""Many sounds on a cluster of two machines of one core, against plain `-n` on the same two cores.

    python -m benchmarks.cluster artifacts/ambience.onnx --sounds 64 --rounds 12

Both machines are processes here (`ray.cluster_utils`). Rounds of the one and the other alternate in
one process; what it takes to begin a cluster is told apart. `--threads 2` has one worker with both
cores instead, and `--all N` renders N sounds once on the cluster and compares every file with its
single rendering.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from distill_runtime import Artifact, GenerationConfig, GenerationPipeline, SessionOptions
from distill_runtime.cli.cluster.extras import import_ray
from distill_runtime.cli.cluster.manifest import Manifest
from distill_runtime.cli.cluster.options import ClusterOptions
from distill_runtime.cli.cluster.plan import Plan
from distill_runtime.cli.cluster.ray_cluster import Cluster, cluster
from distill_runtime.cli.cluster.rows import rows_of_seeds
from distill_runtime.cli.play.options import PlayOptions

DURATION_S = 2.0
_FAR, _WARM = 2**31, 48  # seeds that nobody else takes, by which workers begin


@contextmanager
def two_machines(cores: int = 1) -> Iterator[str]:
    """Give the address of a cluster of two machines, of so many cores each; of 0, of one with 2."""
    import_ray()
    from ray.cluster_utils import Cluster as Machines  # noqa: PLC0415

    node = {"num_cpus": cores or 2, "object_store_memory": 2**27, "include_dashboard": False}
    machines = Machines(initialize_head=True, head_node_args=node)
    if cores:
        machines.add_node(num_cpus=cores, object_store_memory=2**27)
    try:
        machines.wait_for_nodes()
        yield str(machines.address)
    finally:
        machines.shutdown()


def plan_of(artifact: Path, folder: Path, *, first: int, count: int, threads: int = 0) -> Plan:
    """Return the plan of consecutive seeds."""
    asked = ClusterOptions(address="auto", destination=str(folder))
    options = PlayOptions(artifact, duration_s=DURATION_S, seed=first, count=count, threads=threads)
    return Plan.of(replace(options, cluster=asked))


class Running:
    """Workers that have begun to make the sounds of a plan."""

    def __init__(self, workers: Cluster, plan: Plan) -> None:
        plan.destination.prepare()
        self._workers, self._job = workers, plan.job()
        self._reference = workers.ship(plan.job)
        self._cores = self._job.options.threads
        self.make(_FAR, _WARM)

    def make(self, first: int, count: int) -> tuple[float, Manifest]:
        """Make the sounds of consecutive seeds; return how long it took."""
        rows = rows_of_seeds(first, count, randomize=False)
        at_a_time = self._job.piece_sounds(count, self._workers.cores // self._cores)
        manifest, started = Manifest(), time.perf_counter()
        pieces = self._job.pieces(rows, at_a_time)
        for outcome in self._workers.make(self._reference, pieces, cores=self._cores):
            manifest.add(outcome)
        assert manifest.made == count, manifest.reasons()
        return time.perf_counter() - started, manifest


def plainly(pipeline: GenerationPipeline, folder: Path, *, first: int, count: int) -> float:
    """Make the same as plain `-n` does; return how long it took."""
    folder.mkdir()
    seeds = range(first, first + count)
    started = time.perf_counter()
    for result in pipeline.generate_many(GenerationConfig(DURATION_S, seed) for seed in seeds):
        result.save(folder / f"ambience_seed{result.seed}.wav")
    return time.perf_counter() - started


def throughput(artifact: Path, *, sounds: int, rounds: int, threads: int) -> None:
    """Print sounds a second of both, and their ratio."""
    pipeline = GenerationPipeline(Artifact.load(artifact))
    began = time.perf_counter()
    with (
        two_machines(0 if threads > 1 else 1) as address,
        cluster(address) as workers,
        tempfile.TemporaryDirectory() as place,
    ):
        print(f"cluster begun in {time.perf_counter() - began:.1f} s: {workers.describe()}")
        plan = plan_of(artifact, Path(place) / "on", first=0, count=sounds, threads=threads)
        running = Running(workers, plan)
        ratios, all_s = [], [0.0, 0.0, 0.0]
        for turn in range(rounds + 1):
            folder = Path(place) / f"plain{turn}"
            plain_s = plainly(pipeline, folder, first=turn * sounds, count=sounds)
            cluster_s, manifest = running.make(turn * sounds, sounds)
            if turn:  # the first round warms up
                ratios.append(plain_s / cluster_s)
                for index, took_s in enumerate((plain_s, cluster_s, manifest.core_s)):
                    all_s[index] += took_s
        made = rounds * sounds
        print(
            f"plain {made / all_s[0]:.1f}/s, cluster {made / all_s[1]:.1f}/s, "
            f"{1000 * all_s[2] / made:.1f} ms of a worker each; ratio {all_s[0] / all_s[1]:.3f}, "
            f"median of {rounds} rounds {statistics.median(ratios):.3f}, "
            f"{min(ratios):.2f} to {max(ratios):.2f}"
        )


def compare_all(artifact: Path, *, first: int, count: int, sampled: int) -> None:
    """Print how long many sounds take, and how many files are not their single rendering."""
    with two_machines() as address, tempfile.TemporaryDirectory() as place:
        with cluster(address) as workers:
            plan = plan_of(artifact, Path(place) / "sounds", first=first, count=count)
            elapsed_s, manifest = Running(workers, plan).make(first, count)
        manifest.drop(plan.destination.sizes())
        print(f"{manifest.made} sounds in {elapsed_s:.1f} s, {count / elapsed_s:.1f}/s")
        single = GenerationPipeline(
            Artifact.load(artifact, options=SessionOptions(provider="cpu", threads=1))
        )
        step, differing = max(1, count // sampled), 0
        chosen = manifest.files[::step]
        for file in chosen:
            result = single.generate(GenerationConfig(DURATION_S, file.number))
            path = Path(place) / "single.wav"
            result.save(path, overwrite=True)
            differing += hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256
        print(f"{len(chosen)} compared with their single rendering, {differing} differ")


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--sounds", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--all", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--sampled", type=int, default=10**9)
    asked: Any = parser.parse_args()
    print(f"{os.cpu_count()} cores")
    if asked.all:
        compare_all(asked.artifact, first=asked.first, count=asked.all, sampled=asked.sampled)
    else:
        throughput(asked.artifact, sounds=asked.sounds, rounds=asked.rounds, threads=asked.threads)


if __name__ == "__main__":
    main()
