"""Calls that are gathered in a batch give what each would give alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from distill_runtime import Artifact, BackendError, GenerationConfig, GenerationPipeline
from distill_runtime.artifact.session import Graph
from distill_runtime.serving.gathering import GatheringGraph, SharedArtifact


@pytest.fixture(scope="module")
def artifact(playable_artifact: Path) -> Artifact:
    return Artifact.load(playable_artifact)


def test_sounds_side_by_side_are_those_that_were_made_alone(
    artifact: Artifact, playable_artifact: Path
) -> None:
    shared = SharedArtifact.load(playable_artifact)
    assert isinstance(shared, SharedArtifact)
    rows: list[int] = []
    configs = [GenerationConfig(duration_s=1 + i % 3, seed=i) for i in range(12)]
    wanted = list(GenerationPipeline(artifact).generate_many(configs))
    with ThreadPoolExecutor(1) as graphs, ThreadPoolExecutor(len(configs)) as clients:
        shared.share(graphs, lambda count, _: rows.append(count))
        found = clients.map(GenerationPipeline(shared).generate, configs)
        for result, alone in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(result.audio, alone.audio)
    assert 1 < max(rows) <= artifact.voices_per_call


class Recorder(Graph):
    """A graph that waits to be let go, and fails if it is told to."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.calls: list[tuple[int, int, bool]] = []

    def run(self, latents, state, *, finish, mel=None):  # type: ignore[no-untyped-def]
        self.go.wait(10)
        self.calls.append((*latents.shape[:2], finish))
        if np.isnan(latents).any():
            raise BackendError("it fails")
        return [latents.sum(axis=2), state + 1]


def call(
    graph: GatheringGraph, rows: int, steps: int, value: float, finish: bool = False
) -> list[np.ndarray]:
    latents = np.full((rows, steps, 2), value, np.float32)
    return graph.run(latents, np.full((rows, 3), value, np.float32), finish=finish)


def test_what_is_alike_runs_as_one() -> None:
    recorder = Recorder()
    graph = GatheringGraph(recorder, rows=4)
    with ThreadPoolExecutor(1) as graphs, ThreadPoolExecutor(8) as clients:
        graph.workers = graphs
        first = clients.submit(call, graph, 1, 1, 0.0)
        while graphs._work_queue.qsize() or graph._waiting:  # until the first is being run
            pass
        others = []
        for rows, steps, value, finish in [
            (2, 1, 1.0, False),
            (1, 1, 2.0, True),
            (1, 2, 3.0, False),
            (2, 1, 4.0, False),
            (1, 1, 5.0, False),
        ]:
            others.append(clients.submit(call, graph, rows, steps, value, finish))
            while len(graph._waiting) < len(others):
                pass
        recorder.go.set()
        for value, future in enumerate([first, *others]):
            audio, state = future.result()
            assert (audio == 2 * value).all() and (state == value + 1).all()
    assert recorder.calls == [
        (1, 1, False), (4, 1, False), (1, 1, True), (1, 2, False), (1, 1, False)
    ]  # fmt: skip


def test_a_failure_reaches_who_called() -> None:
    recorder = Recorder()
    recorder.go.set()
    graph = GatheringGraph(recorder, rows=4)
    with ThreadPoolExecutor(1) as graphs:
        graph.workers = graphs
        with pytest.raises(BackendError):
            call(graph, 1, 1, np.nan)
        assert len(call(graph, 1, 1, 1.0)) == 2


def test_a_device_gets_each_state_back() -> None:
    recorder = Recorder()
    recorder.go.set()
    stream = GatheringGraph(recorder, rows=4).bind(np.zeros((1, 3), np.float32))
    for _ in range(3):
        stream.step(np.ones((1, 1, 2), np.float32), False)
    assert (stream._state == 3).all()
