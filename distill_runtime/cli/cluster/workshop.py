"""Making the sounds of a piece: what a worker does, and knows nothing of Ray.

What is at the destination already is looked at and not made again: a sound's file must hold the
very recipe, of a shard the name says whose it is, and its end that it is whole.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.cli.cluster.cpu import describe_cpu
from distill_runtime.cli.cluster.encoding import sound_bytes, write_sound
from distill_runtime.cli.cluster.job import Job, Piece, ShippedArtifact, Versions
from distill_runtime.cli.cluster.outcome import Failure, FileOutcome, PieceOutcome
from distill_runtime.cli.cluster.rows import Row, read_row
from distill_runtime.cli.cluster.shard import ShardSound, open_shard, shard_sounds
from distill_runtime.errors import ArtifactError, DistillError, OutputExistsError, RequestError
from distill_runtime.files.temporary import temporary_folder
from distill_runtime.generation.blend import Blend
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.pipeline import GenerationPipeline
from distill_runtime.generation.result import GenerationResult
from distill_runtime.generation.sound_request import sound_request
from distill_runtime.generation.threads import ahead

_BLOCK_BYTES = 2**20
Prepared = tuple[Row, GenerationConfig]


class Workshop:
    """The artifacts of a job, loaded, and the sounds that are made of them.

    Args:
        job: What the sounds have in common.
        load: Makes an artifact's bytes of its `ShippedArtifact.data`.

    Raises:
        DependencyError: This process has other versions than whoever asks.
        ArtifactError: An artifact cannot be loaded.
    """

    def __init__(self, job: Job, load: Callable[[Any], bytes]) -> None:
        job.versions.check(Versions.here())
        self._job = job
        with temporary_folder() as folder:
            loaded = [self._artifact(each, load(each.data), folder) for each in job.artifacts]
        blend = Blend(loaded, job.weights, job.blend_mode)
        self.pipeline = GenerationPipeline(blend, check_space=job.check_space)

    def make(self, piece: Piece) -> PieceOutcome:
        """Make what is missing of a piece, and look at what is there."""
        started = time.perf_counter()
        prepared, failures = self._prepared(piece.rows)
        make = self._files if self._job.shards is None else self._shard
        files = make(piece, prepared, failures)
        failures.sort(key=lambda failure: failure.number)
        return PieceOutcome(tuple(files), tuple(failures), time.perf_counter() - started)

    def probe(self) -> str:
        """Leave an empty file at the destination; return its name."""
        return self._job.destination.probe()

    def bytes_of(self, row: Row) -> bytes:
        """Return the file of a row's sound, made here and now.

        Raises:
            DistillError: It cannot be made.
        """
        return self._encoded(self.pipeline.generate(self._request(row)))

    def _artifact(self, shipped: ShippedArtifact, data: bytes, folder: Path) -> Artifact:
        """Load an artifact under its own name, which recipes hold."""
        path = folder / shipped.name
        path.write_bytes(data)
        artifact = Artifact.load(path, options=self._job.options, trust=self._job.trust)
        if artifact.sha256 != shipped.sha256:
            raise ArtifactError(f"{shipped.name} was changed while it was sent: try again")
        return artifact

    def _request(self, row: Row) -> GenerationConfig:
        config = sound_request(read_row(row), self.pipeline, kept=self._job.kept_for(row))
        self._job.audio_format.check_sample_rate(config.sample_rate_hz)
        return config

    def _prepared(self, rows: Sequence[Row]) -> tuple[list[Prepared], list[Failure]]:
        """Return the requests of rows, and the rows that are wrong."""
        prepared, failures = [], []
        for row in rows:
            try:
                prepared.append((row, self._request(row)))
            except DistillError as error:
                failures.append(_failure(row, error))
        return prepared, failures

    def _files(
        self, piece: Piece, prepared: list[Prepared], failures: list[Failure]
    ) -> list[FileOutcome]:
        """Make each sound a file."""
        destination = self._job.destination
        there = destination.sizes([self._job.file_name(row) for row, _ in prepared])
        files, missing = [], []
        for row, config in prepared:
            try:
                found = None
                if self._job.file_name(row) in there:
                    found = self._look(row, config)
            except DistillError as error:
                failures.append(_failure(row, error))
                continue
            if found is not None:
                files.append(found)
            else:
                missing.append((row, config))
        # The next is made while the disk confirms the last one.
        for row, result in ahead(self._rendered(missing, failures)):
            try:
                files.append(self._write_once(row, result))
            except DistillError as error:
                failures.append(_failure(row, error))
        return sorted(files, key=lambda file: file.number)

    def _look(self, row: Row, config: GenerationConfig) -> FileOutcome | None:
        """Look at a file that is there; None if it is another sound's and may be replaced.

        Raises:
            OutputExistsError: It is another sound's, and may not.
        """
        name = self._job.file_name(row)
        with self._job.destination.open(name) as file:
            data = file.read()
        if self._recipe(config).encode() in data:
            return FileOutcome(name, len(data), _sha256(data), None, row.number)
        if self._job.force:
            return None
        raise OutputExistsError(
            f"{name} exists and is another sound: choose another place, or overwrite it with "
            "overwrite=True",
            setting="overwrite=True",
        )

    def _write_once(self, row: Row, result: GenerationResult) -> FileOutcome:
        """Write a sound's file, or look at it where another worker has begun it, too."""
        try:
            return self._write(row, result)
        except OutputExistsError:
            return self._look(row, result.config) or self._write(row, result)

    def _write(self, row: Row, result: GenerationResult) -> FileOutcome:
        job, name = self._job, self._job.file_name(row)
        with job.destination.writing(name, overwrite=job.force) as path:
            size, sha256 = write_sound(result, path, job.audio_format, job.tags)
        return FileOutcome(name, size, sha256, describe_cpu(), row.number)

    def _shard(
        self, piece: Piece, prepared: list[Prepared], failures: list[Failure]
    ) -> list[FileOutcome]:
        """Make the sounds one file, whole or not at all."""
        job, name = self._job, self._job.shard_name(piece.index)
        if not prepared:
            return []
        number = piece.rows[0].number
        try:
            if name in job.destination.sizes([name]):
                found = self._look_at_shard(name, number, len(prepared))
                if found is not None:
                    return [found]
            with job.destination.writing(name, overwrite=True) as path:
                with open_shard(path) as shard:
                    for row, result in self._rendered(prepared, failures):
                        shard.add(self._shard_sound(row, result))
                size = path.stat().st_size
                with path.open("rb") as file:
                    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            whole = len(piece.rows) - len(failures)
            return [FileOutcome(name, size, sha256, describe_cpu(), number, whole)]
        except DistillError as error:
            failed = {failure.number for failure in failures}
            lost = [row for row, _ in prepared if row.number not in failed]
            failures.extend(_failure(row, error) for row in lost)
            return []

    def _look_at_shard(self, name: str, number: int, sounds: int) -> FileOutcome | None:
        """Look at a shard that is there; None if it is not whole."""
        digest, size = hashlib.sha256(), 0
        with self._job.destination.open(name) as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
                size += len(block)
            file.seek(0)
            found = shard_sounds(file, name)
        if found != sounds:
            return None
        return FileOutcome(name, size, digest.hexdigest(), None, number, sounds)

    def _shard_sound(self, row: Row, result: GenerationResult) -> ShardSound:
        data = self._encoded(result)
        return ShardSound(
            key=self._job.key(row),
            container=self._job.audio_format.container,
            audio=data,
            sha256=_sha256(data),
            recipe=self._recipe(result.config),
            seed=result.seed,
            number=row.number,
            duration_s=result.duration_s,
            sample_rate_hz=result.sample_rate_hz,
            channels=result.channels,
            cpu=describe_cpu(),
        )

    def _encoded(self, result: GenerationResult) -> bytes:
        return sound_bytes(result, self._job.audio_format, self._job.tags)

    def _recipe(self, config: GenerationConfig) -> str:
        """Return the recipe as a sound's file holds it."""
        recipe = self.pipeline.recipe(config)
        return replace(recipe, audio_format=self._job.audio_format).to_json()

    def _rendered(
        self, prepared: Sequence[Prepared], failures: list[Failure]
    ) -> Iterator[tuple[Row, GenerationResult]]:
        """Yield sounds in the rows' order, those of a length rendered side by side."""
        for batch in _alike(prepared):
            results = self.pipeline.generate_many(config for _, config in batch)
            done = 0
            try:
                for (row, _), result in zip(batch, results, strict=True):
                    done += 1
                    yield row, result
            except DistillError:  # one of them spoils those beside it: each alone
                for row, config in batch[done:]:
                    try:
                        yield row, self.pipeline.generate(config)
                    except DistillError as error:
                        failures.append(_failure(row, error))


def _alike(prepared: Sequence[Prepared]) -> Iterator[list[Prepared]]:
    """Yield neighbours of one length together."""
    batch: list[Prepared] = []
    for row, config in prepared:
        if batch and config.duration_s != batch[0][1].duration_s:
            yield batch
            batch = []
        batch.append((row, config))
    if batch:
        yield batch


def _failure(row: Row, error: DistillError) -> Failure:
    kind = "request" if isinstance(error, RequestError) else type(error).__name__
    return Failure(row.number, error.said_with({"overwrite=True": "--force"}), kind)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
