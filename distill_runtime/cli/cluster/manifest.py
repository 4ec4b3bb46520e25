"""The manifest of a run: what is at the destination, as JSON lines.

The first line holds the counts; then comes a line for every file, with its hash, and one for every
sound that could not be made, in the order of the requests.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from distill_runtime.cli.cluster.job import Job
from distill_runtime.cli.cluster.outcome import Failure, FileOutcome, PieceOutcome

FORMAT, VERSION = "distill.manifest", 1
_REASON = 120  # characters of a reason that tell it from others


@dataclass
class Manifest:
    """What came of a run, piece by piece.

    Attributes:
        made: How many were made now.
        there: How many were there already.
        core_s: How long workers took, in all.
    """

    made: int = 0
    there: int = 0
    core_s: float = 0.0
    files: list[FileOutcome] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def add(self, outcome: PieceOutcome) -> None:
        """Add what came of a piece."""
        for file in outcome.files:
            self._count(file, 1)
        self.files.extend(outcome.files)
        self.failures.extend(outcome.failures)
        self.core_s += outcome.elapsed_s

    def drop(self, sizes: dict[str, int]) -> None:
        """Take out the files that the destination does not have as they were made: they failed.

        Args:
            sizes: Of what is at the destination, by name.
        """
        lost = [file for file in self.files if sizes.get(file.name) != file.size]
        self.files = [file for file in self.files if sizes.get(file.name) == file.size]
        for file in lost:
            reason = "the file is not at the destination: do all machines see the same place?"
            self.failures.append(Failure(file.number, reason, "OutputError", file.sounds))
            self._count(file, -1)

    def _count(self, file: FileOutcome, sign: int) -> None:
        if file.cpu is None:
            self.there += sign * file.sounds
        else:
            self.made += sign * file.sounds

    def reasons(self) -> dict[str, int]:
        """Return how many sounds failed for each reason, the most frequent first."""
        counts: Counter[str] = Counter()
        for failure in self.failures:
            counts[failure.reason[:_REASON]] += failure.sounds
        return dict(counts.most_common())

    def cpus(self) -> dict[str, int]:
        """Return how many sounds were made on each kind of CPU."""
        counts: Counter[str] = Counter()
        for file in self.files:
            if file.cpu is not None:
                counts[file.cpu] += file.sounds
        return dict(counts.most_common())

    @property
    def failed(self) -> int:
        """How many sounds could not be made."""
        return sum(failure.sounds for failure in self.failures)

    def head(self, job: Job, elapsed_s: float) -> dict[str, Any]:
        """Return the first line."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "runtime": job.versions.runtime,
            "onnxruntime": job.versions.onnxruntime,
            "threads": job.options.threads,
            "artifacts": [{"name": a.name, "sha256": a.sha256} for a in job.artifacts],
            "destination": job.destination.shown,
            "requests": job.digest,
            "asked": self.made + self.there + self.failed,
            "made": self.made,
            "there": self.there,
            "failed": self.failed,
            "reasons": self.reasons(),
            "cpus": self.cpus(),
            "core_s": round(self.core_s, 3),
            "elapsed_s": round(elapsed_s, 3),
        }

    def lines(self, head: dict[str, Any], rows_name: str) -> str:
        """Return all of it as text."""
        self.files.sort(key=lambda file: file.number)
        self.failures.sort(key=lambda failure: failure.number)
        documents = [head]
        documents += [file.document(rows_name) for file in self.files]
        documents += [failure.document(rows_name) for failure in self.failures]
        return "".join(f"{json.dumps(document)}\n" for document in documents)
