"""Calls of many threads, gathered in the graph's batch axis.

While the graph runs, calls come in; those of equal shape then run as one, up to as many rows as are
efficient. Nobody waits for others to come. The rows of a batch do not influence each other: what a
caller gets is what it would get alone, bit for bit.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.call_size import split_steps
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.session import Graph, SessionOptions
from distill_runtime.artifact.trusted.trusted_graph import TrustedGraph

Observer = Callable[[int, int], None]


@dataclass(eq=False)
class _Call:
    """What one thread waits for."""

    latents: Float32Array
    state: Float32Array
    finish: bool
    result: Future[list[Float32Array]] = field(default_factory=Future)

    def is_like(self, other: _Call) -> bool:
        """Whether the two can run as one."""
        return (self.latents.shape[1], self.finish) == (other.latents.shape[1], other.finish)


class GatheringGraph(Graph):
    """A graph that many threads call, and that runs what waits side by side.

    Args:
        graph: What runs.
        rows: In a batch at most, unless one call has more.

    Attributes:
        workers: Run the batches; until there are some, each call runs on the thread that makes it.
        observe: Told the rows and the steps of each batch, on the thread that has run it.
    """

    def __init__(self, graph: Graph, *, rows: int) -> None:
        self._graph = graph
        self._rows = rows
        self._waiting: deque[_Call] = deque()
        self._lock = threading.Lock()
        self.workers: Executor | None = None
        self.observe: Observer | None = None

    @property
    def provider(self) -> str:
        """What really runs it: "cpu" or "cuda"."""
        return self._graph.provider

    @property
    def state_size(self) -> int:
        """Length of a row's state vector."""
        return self._graph.state_size

    def run(
        self,
        latents: Float32Array,
        state: Float32Array,
        *,
        finish: bool,
        mel: Float32Array | None = None,
    ) -> list[Float32Array]:
        """Run it once, together with what else waits; see `Graph.run`.

        Raises:
            BackendError: onnxruntime failed.
        """
        if mel is not None or self.workers is None:
            return self._graph.run(latents, state, finish=finish, mel=mel)
        call = _Call(latents, state, finish)
        with self._lock:
            self._waiting.append(call)
        self.workers.submit(self._run_waiting)
        return call.result.result()

    def bind(self, state: Float32Array) -> Any:
        """Start a stream whose state comes back after each call: only so can calls be gathered."""
        return _Stream(self, state)

    def _run_waiting(self) -> None:
        """Run a batch; nothing if another has taken what was there."""
        batch = self._take()
        if not batch:
            return
        try:
            latents = np.concatenate([call.latents for call in batch])
            states = np.concatenate([call.state for call in batch])
            outputs = self._graph.run(latents, states, finish=batch[0].finish)
        except BaseException as error:
            for call in batch:
                call.result.set_exception(error)
            return
        if self.observe is not None:
            self.observe(*latents.shape[:2])
        ends = np.cumsum([len(call.latents) for call in batch])[:-1]
        for call, *parts in zip(batch, *(np.split(one, ends) for one in outputs), strict=True):
            call.result.set_result([part.copy() for part in parts])

    def _take(self) -> list[_Call]:
        """Take what has waited longest, and others like it."""
        batch: list[_Call] = []
        with self._lock:
            others: deque[_Call] = deque()
            rows = 0
            while self._waiting:
                call = self._waiting.popleft()
                fits = not batch or (
                    call.is_like(batch[0]) and rows + len(call.latents) <= self._rows
                )
                (batch if fits else others).append(call)
                rows += len(call.latents) if fits else 0
            self._waiting = others
        return batch


class _Stream:
    """A stream on a device, by calls that bring their state."""

    def __init__(self, graph: GatheringGraph, state: Float32Array) -> None:
        self._graph, self._state = graph, state

    def step(self, latents: Float32Array, finish: bool) -> Float32Array:
        """Run the graph once on `[batch, steps, latent_dim]` and return its audio."""
        audio, self._state = self._graph.run(latents, self._state, finish=finish)
        return audio


class SharedArtifact(Artifact):
    """An artifact that plays many sounds at a time, all of them a step at a time.

    A sound that is given up then takes no more than a step, and one that begins waits for no more
    than a step of each of the others.
    """

    def __init__(
        self,
        file: ArtifactFile,
        graph: Graph,
        options: SessionOptions,
        *,
        sha256: str,
        bounds: TrustedGraph | None = None,
    ) -> None:
        super().__init__(file, graph, options, sha256=sha256, bounds=bounds)
        # What is allowed to a graph that was only trusted is allowed to one call.
        rows = self.voices_per_call if self.is_known else 1
        self._graph = self._gathering = GatheringGraph(graph, rows=rows)

    def share(self, workers: Executor, observe: Observer | None = None) -> None:
        """Let threads run the graph, for all who call; see `GatheringGraph`."""
        self._gathering.workers, self._gathering.observe = workers, observe

    def stream(self, latents: Iterable[Float32Array]) -> Iterator[Float32Array]:
        """Play trajectories as they arrive, a step at a time; see `Artifact.stream`."""
        return super().stream(step for block in latents for step in split_steps(block, 1))
