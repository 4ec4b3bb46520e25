"""What came of a piece, as it travels back and as the manifest holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FileOutcome:
    """A file at the destination: a sound's, or a shard.

    Attributes:
        name: Its name there.
        size: In bytes.
        sha256: Of its bytes.
        cpu: What it was made on; None of one that was there already.
        number: The sound's row or seed; of a shard the first one's.
        sounds: How many are in it.
    """

    name: str
    size: int
    sha256: str
    cpu: str | None
    number: int
    sounds: int = 1

    @property
    def is_shard(self) -> bool:
        """Whether sounds are put together in it."""
        return self.name.endswith((".tar", ".parquet"))

    def document(self, rows_name: str) -> dict[str, Any]:
        """Return its line of the manifest."""
        found: dict[str, Any] = {"file": self.name, rows_name: self.number}
        if self.is_shard:
            found["sounds"] = self.sounds
        return found | {"bytes": self.size, "sha256": self.sha256, "cpu": self.cpu}


@dataclass(frozen=True)
class Failure:
    """A sound that is not there, and why.

    Attributes:
        number: Its row or seed; of a shard the first one's.
        reason: In one line.
        kind: Of the error.
        sounds: How many are lost with it.
    """

    number: int
    reason: str
    kind: str
    sounds: int = 1

    def document(self, rows_name: str) -> dict[str, Any]:
        """Return its line of the manifest."""
        return {rows_name: self.number, "error": self.reason, "kind": self.kind}


@dataclass(frozen=True)
class PieceOutcome:
    """What came of a piece.

    Attributes:
        files: What is whole at the destination.
        failures: The sounds that are not.
        elapsed_s: How long a worker took.
    """

    files: tuple[FileOutcome, ...]
    failures: tuple[Failure, ...]
    elapsed_s: float = 0.0

    @property
    def sounds(self) -> int:
        """How many sounds it speaks of."""
        whole = sum(file.sounds for file in self.files)
        return whole + sum(failure.sounds for failure in self.failures)
