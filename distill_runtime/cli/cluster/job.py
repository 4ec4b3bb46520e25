"""What all sounds of one run have in common, as it travels to the workers, and the pieces of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from distill_runtime import __version__
from distill_runtime.artifact.session import SessionOptions, onnxruntime_version
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.tags import Tags
from distill_runtime.cli.cluster.destination import Destination
from distill_runtime.cli.cluster.rows import Row
from distill_runtime.errors import DependencyError
from distill_runtime.generation.asked_sound import KeptSound
from distill_runtime.latents.seeds import SEED_LIMIT

_PIECE_S = 240.0  # seconds of sound that a task makes at the most, where files are single
_MAX_PIECE = 128
_SOUND_S_PER_CORE = 0.2  # that a task makes at the least: some 3.5 ms, twice what it costs
_TASKS_PER_CORE = 16
_BESIDE = 4  # sounds in a call of the graph


@dataclass(frozen=True)
class ShippedArtifact:
    """An artifact by its name and contents.

    Attributes:
        name: Of its file.
        sha256: Of the artifact.
        data: What the loader of a `Workshop` makes its bytes of.
    """

    name: str
    sha256: str
    data: Any


@dataclass(frozen=True)
class Versions:
    """What a sound's last bits depend on, besides the CPU."""

    runtime: str
    onnxruntime: str

    @classmethod
    def here(cls) -> Versions:
        """Return those of this process."""
        return cls(__version__, onnxruntime_version())

    def check(self, others: Versions) -> None:
        """Refuse a worker with other versions than those of whoever asks.

        Raises:
            DependencyError: They differ.
        """
        if self != others:
            raise DependencyError(
                f"a worker has distill-portable {others.runtime} and onnxruntime "
                f"{others.onnxruntime}, this machine {self.runtime} and {self.onnxruntime}: "
                "install the same on all, or the same seed sounds different"
            )


@dataclass(frozen=True)
class Shards:
    """How sounds are put together.

    Attributes:
        format: "tar" (WebDataset) or "parquet".
        sounds: How many in a shard.
    """

    format: str
    sounds: int


@dataclass(frozen=True)
class Job:
    """What all sounds have in common.

    Attributes:
        artifacts: In the order of the blend.
        weights: One for each artifact.
        blend_mode: "latent" or "audio".
        options: How onnxruntime runs: on a set provider, with a set number of threads.
        trust: Whether to load graphs that distill-export did not write.
        check_space: As for `GenerationPipeline`.
        kept: What a sound is where its row asks for nothing else.
        audio_format: Of every sound's file.
        tags: Title, artist and album of every sound.
        stem: What names begin with.
        rows_name: What a row's number is: "seed" or "row".
        destination: Where they go.
        shards: How they are put together; None for single files.
        digest: Tells this list of requests, with all of the above, from others; in names of shards.
        force: Whether to replace files that are another sound's.
        versions: Of whoever asks.
    """

    artifacts: tuple[ShippedArtifact, ...]
    weights: tuple[float, ...]
    blend_mode: str
    options: SessionOptions
    trust: bool
    check_space: bool
    kept: KeptSound
    audio_format: AudioFormat
    tags: Tags
    stem: str
    rows_name: str
    destination: Destination
    shards: Shards | None
    digest: str
    force: bool
    versions: Versions

    def kept_for(self, row: Row) -> KeptSound:
        """Return what a row's sound is where it asks for nothing else, its seed included.

        Every row of a table has another: that of the command line, and its number more.
        """
        first = self.kept.seed or 0
        return replace(self.kept, seed=(first + row.number) % (SEED_LIMIT - 1))

    def key(self, row: Row) -> str:
        """Return what a sound is called: its file's name without the ending.

        In shards without dots, at the first of which readers of WebDataset cut names.
        """
        key = f"{self.stem}_{self.rows_name}{row.number}"
        return key.replace(".", "_") if self.shards else key

    def file_name(self, row: Row) -> str:
        """Return the name of a sound's file."""
        return f"{self.key(row)}.{self.audio_format.container}"

    def shard_name(self, index: int) -> str:
        """Return the name of a shard: the same list of requests gives the same."""
        assert self.shards is not None, "there are no shards"
        return f"{self.stem}-{self.digest[:8]}-{index:06d}.{self.shards.format}"

    def names(self, piece: Piece) -> list[str]:
        """Return the names of the files that a piece makes."""
        if self.shards is not None:
            return [self.shard_name(piece.index)]
        return [self.file_name(row) for row in piece.rows]

    @property
    def manifest_name(self) -> str:
        """The name of the manifest."""
        return f"{self.stem}_manifest.jsonl"

    def piece_sounds(self, count: int, cores: int) -> int:
        """Return how many sounds one task is to make.

        Args:
            count: How many sounds there are.
            cores: How many tasks can run at a time.
        """
        if self.shards is not None:
            return self.shards.sounds
        duration_s = float(self.kept.settings.get("duration_s", 10.0))
        return sounds_per_task(count, cores, duration_s)

    def pieces(self, rows: Iterable[Row], sounds: int) -> Iterator[Piece]:
        """Cut the rows into what one task makes: a shard, or some single files."""
        waiting, index = iter(rows), 0
        while piece := tuple(islice(waiting, sounds)):
            yield Piece(index, piece)
            index += 1


@dataclass(frozen=True)
class Piece:
    """The rows that one task makes."""

    index: int
    rows: tuple[Row, ...]


def sounds_per_task(count: int, cores: int, duration_s: float) -> int:
    """Return how many single files one task is to make.

    As many as give every core several tasks, so that all end at about the same time; but several
    beside each other in a call of the graph, no fewer than leave the program time for every task of
    so many cores, and no more than are soon made again after a kill.

    Args:
        count: How many sounds there are.
        cores: How many tasks can run at a time.
        duration_s: Of a sound.
    """
    cores = max(1, cores)
    most = max(1, min(_MAX_PIECE, int(_PIECE_S / duration_s)))
    busy = math.ceil(_SOUND_S_PER_CORE * cores / duration_s)
    wanted = max(_BESIDE, busy, count // (_TASKS_PER_CORE * cores))
    return min(most, wanted - wanted % _BESIDE)


def digest_of(*facts: Any) -> str:
    """Return a SHA-256 of facts that JSON can hold."""
    return hashlib.sha256(json.dumps(facts, separators=(",", ":")).encode()).hexdigest()
