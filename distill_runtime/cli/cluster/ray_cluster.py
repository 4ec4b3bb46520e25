"""A cluster to work on: one that is there, or one of this machine's cores for the purpose."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from distill_runtime.cli.cluster.extras import import_ray
from distill_runtime.cli.cluster.job import Job, Piece
from distill_runtime.cli.cluster.outcome import Failure, PieceOutcome
from distill_runtime.cli.cluster.ray_tasks import RETRIES, JobReference, greet, make_piece
from distill_runtime.cli.live.quiet import quiet_libraries
from distill_runtime.errors import BackendError, DistillError, RequestError
from distill_runtime.files.one_line import one_line

LOCAL = "local"
_STORE_BYTES = 2**28  # of a local cluster: the artifacts and little else
_AHEAD = 3  # tasks for every core, so that none waits for this process
_LEAST_AHEAD = 8
_ASKED_EVERY_S = 5.0


@dataclass(frozen=True)
class Cluster:
    """A cluster that answers.

    Attributes:
        cores: How many cores it has now.
        machines: How many machines.
    """

    cores: int
    machines: int
    _ray: Any

    def describe(self) -> str:
        """Return its size in words."""
        cores = f"{self.cores} core{'s' * (self.cores != 1)}"
        return f"{cores} of {self.machines} machine{'s' * (self.machines != 1)}"

    def ship(self, job: Callable[[Callable[[bytes], Any]], Job]) -> JobReference:
        """Put a job, made with what stands for the artifacts' bytes, where workers find it."""
        return JobReference(self._ray.put(job(self._ray.put)))

    def greet(self, reference: JobReference, *, cores: int) -> str:
        """Have a worker load the artifacts and leave a file at the destination.

        Returns:
            The file's name.

        Raises:
            DistillError: It cannot.
        """
        task = self._ray.remote(greet).options(num_cpus=cores, max_retries=RETRIES)
        try:
            name: str = self._ray.get(task.remote(reference))
        except self._ray.exceptions.RayError as error:
            raise _cause(error) from None
        return name

    def make(
        self, reference: JobReference, pieces: Iterable[Piece], *, cores: int
    ) -> Iterator[PieceOutcome]:
        """Have pieces made, and yield what came of them as they are done, in any order.

        Args:
            reference: The job.
            pieces: Taken a few ahead of the workers.
            cores: Of each task.
        """
        task = self._ray.remote(make_piece).options(num_cpus=cores, max_retries=RETRIES)
        waiting: Iterator[Piece] = iter(pieces)
        running: dict[Any, Piece] = {}
        most = _Most(self, cores)
        # What still runs when the caller stops ends with the job: Ray 2.60 aborts now and then
        # where it is told to cancel it.
        while True:
            room = most.now() - len(running)
            for piece in islice(waiting, max(0, room)):
                running[task.remote(reference, piece)] = piece
            if not running:
                return
            done, _ = self._ray.wait(list(running), num_returns=1)
            more, _ = self._ray.wait(list(running), num_returns=len(running), timeout=0)
            for result in {*done, *more}:
                yield self._outcome(result, running.pop(result))

    def cores_now(self) -> int:
        """Ask how many cores there are: machines come and go."""
        return int(self._ray.cluster_resources().get("CPU", 0))

    def check_cores(self, cores: int) -> None:
        """See that a task of so many cores has a machine to run on.

        Raises:
            RequestError: No machine has as many.
        """
        most = max(
            (int(n["Resources"].get("CPU", 0)) for n in self._ray.nodes() if n["Alive"]), default=0
        )
        if 0 < most < cores:
            raise RequestError(
                f"threads is {cores}, and no machine of the cluster has more than {most} cores",
                setting="threads",
            )

    def _outcome(self, result: Any, piece: Piece) -> PieceOutcome:
        try:
            outcome: PieceOutcome = self._ray.get(result)
        except self._ray.exceptions.RayError as error:
            cause = _cause(error)
            failures = [Failure(row.number, str(cause), type(cause).__name__) for row in piece.rows]
            return PieceOutcome((), tuple(failures))
        return outcome


class _Most:
    """How many tasks to have at a time; the cluster is asked now and then."""

    def __init__(self, cluster: Cluster, cores: int) -> None:
        self._cluster, self._cores = cluster, cores
        self._asked_at = -math.inf
        self._most = _LEAST_AHEAD

    def now(self) -> int:
        if time.monotonic() - self._asked_at > _ASKED_EVERY_S:
            self._most = max(_LEAST_AHEAD, _AHEAD * self._cluster.cores_now() // self._cores)
            self._asked_at = time.monotonic()
        return self._most


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """Give a cluster; one that was begun for the purpose is gone afterwards.

    Args:
        address: `LOCAL` for one of this machine's cores; what Ray knows otherwise: "auto",
            "host:6379", "ray://host:10001".

    Raises:
        DependencyError: Ray is missing.
        BackendError: No cluster answers there, or none can be begun.
    """
    ray = import_ray()
    settings: dict[str, Any] = {"address": address, "log_to_driver": False}
    if address == LOCAL:
        settings |= {"include_dashboard": False, "object_store_memory": _STORE_BYTES}
    with _own_signals(), quiet_libraries():
        try:
            ray.init(**settings, configure_logging=False)
        except Exception as reason:  # its exceptions share no base but Exception
            why = one_line(str(reason))[:200] or type(reason).__name__
            what = (
                "no local cluster can be begun" if address == LOCAL else f"{address} is no cluster"
            )
            raise BackendError(f"{what}: {why}") from None
    try:
        cores = int(ray.cluster_resources().get("CPU", 0))
        machines = sum(bool(node.get("Alive")) for node in ray.nodes())
        yield Cluster(cores, machines, ray)
    finally:
        with quiet_libraries():
            ray.shutdown()


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the handlers of signals, some of which Ray replaces."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _cause(error: Any) -> DistillError:
    """Return what went wrong on a worker, as it would be said here."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, DistillError):
        return cause
    if isinstance(error, DistillError):
        return error
    said = one_line(str(cause or error))[:200] or type(error).__name__
    return BackendError(f"a worker failed ({type(cause or error).__name__}: {said})")
