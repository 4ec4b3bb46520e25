"""What Ray runs: a piece of a job as a task, in a process that has the artifacts loaded.

Tasks and not actors: a task whose process or machine dies is run again by Ray wherever a core is
free, while an actor that was on a machine that is gone for good waits for another machine. A
worker's process stays from task to task, and keeps its workshop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from distill_runtime.cli.cluster.job import Job, Piece
from distill_runtime.cli.cluster.outcome import PieceOutcome
from distill_runtime.cli.cluster.workshop import Workshop

RETRIES = 20  # of a piece whose worker or machine dies, by Ray

_workshops: dict[str, Workshop] = {}  # at most one: a process works for one job


@dataclass(frozen=True)
class JobReference:
    """A job in Ray's object store: within a structure, so that it is not fetched for every task."""

    job: Any

    @property
    def key(self) -> str:
        """Tells it from others."""
        return str(self.job.hex())


def make_piece(reference: JobReference, piece: Piece) -> PieceOutcome:
    """Make what is missing of a piece; on a worker."""
    return _workshop(reference).make(piece)


def greet(reference: JobReference) -> str:
    """Load the artifacts on a worker, and leave a file at the destination; return its name."""
    workshop = _workshop(reference)
    return workshop.probe()


def job_of(reference: JobReference) -> Job:
    """Fetch a job."""
    import ray  # noqa: PLC0415

    job: Job = ray.get(reference.job)
    return job


def _workshop(reference: JobReference) -> Workshop:
    import ray  # noqa: PLC0415

    if reference.key not in _workshops:
        _workshops.clear()
        _workshops[reference.key] = Workshop(job_of(reference), ray.get)
    return _workshops[reference.key]
