"""From options to a plan: the job, its rows, and where it goes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.size import least_bytes
from distill_runtime.cli.cluster.destination import Destination, Folder, destination
from distill_runtime.cli.cluster.extras import require_cluster, require_pyarrow
from distill_runtime.cli.cluster.job import Job, Shards, ShippedArtifact, Versions, digest_of
from distill_runtime.cli.cluster.rows import Row, rows_of_seeds
from distill_runtime.cli.cluster.table import RequestTable
from distill_runtime.cli.console import say
from distill_runtime.cli.play.blending import load_blend
from distill_runtime.cli.play.destination import audio_format
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.cli.play.request import first_config
from distill_runtime.errors import ArtifactError
from distill_runtime.files.paths import fitted_name, portable_name, why
from distill_runtime.files.shown import shown
from distill_runtime.files.space import Need, require_space
from distill_runtime.generation.asked_sound import KeptSound
from distill_runtime.generation.blend import Blend
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.pipeline import GenerationPipeline

_THREADS = 1  # for a sound, unless others are asked for (docs/scale.md)
_ENDING = "." * 32  # as long as what follows the stem in any name


@dataclass(frozen=True)
class Plan:
    """What is to be made.

    Attributes:
        rows: Gives the rows, from the first on.
        count: How many there are.
        first: A sound as the options alone say, for its size.
    """

    rows: Callable[[], Iterator[Row]]
    count: int
    first: GenerationConfig
    _job: Job
    _data: tuple[bytes, ...]

    @classmethod
    def of(cls, options: PlayOptions) -> Plan:
        """Read what the options name, and refuse what is wrong before anything is begun.

        Raises:
            DistillError: Something is.
        """
        require_cluster()
        asked = options.cluster
        if asked.shard_format == "parquet":
            require_pyarrow("--shard-format parquet")
        options = _settled(options)
        written = audio_format(options)
        place = destination(str(asked.destination))
        table = None if asked.requests is None else RequestTable(asked.requests)
        blend = load_blend(options)
        first, warnings = first_config(options, blend, seed=0)
        for warning in warnings:
            say(warning)
        assert first.seed is not None, "the seed was not drawn"
        job = _job(options, blend, first, place, written)
        if table is None:
            seeds = (first.seed, options.count, options.randomize)
            rows = partial(rows_of_seeds, *seeds[:2], randomize=options.randomize)
            job = replace(job, digest=digest_of(job.digest, seeds), rows_name="seed")
            return cls(rows, options.count, first, job, _bytes_of(blend))
        job = replace(job, digest=digest_of(job.digest, table.digest), rows_name="row")
        return cls(table.rows, table.count, first, job, _bytes_of(blend))

    @property
    def destination(self) -> Destination:
        """Where the sounds go."""
        return self._job.destination

    def job(self, keep: Callable[[bytes], Any] | None = None) -> Job:
        """Return what all sounds have in common.

        Args:
            keep: Makes of an artifact's bytes what stands for them; without it they are there
                themselves.
        """
        shipped = (
            replace(artifact, data=data if keep is None else keep(data))
            for artifact, data in zip(self._job.artifacts, self._data, strict=True)
        )
        return replace(self._job, artifacts=tuple(shipped))

    def there(self, sizes: dict[str, int]) -> int:
        """Return how many of its files are among those of a place."""
        if not sizes:
            return 0
        pieces = self._job.pieces(self.rows(), self._job.piece_sounds(self.count, 1))
        names = itertools.chain.from_iterable(map(self._job.names, pieces))
        return sum(name in sizes for name in names)

    def check_space(self, there: int) -> None:
        """Refuse sounds that a folder's disk has no room for, as far as their size is known.

        Args:
            there: How many files are there already.

        Raises:
            SpaceError: There is less free than is needed.
        """
        place, job = self.destination, self._job
        if not job.check_space or job.rows_name == "row" or not isinstance(place, Folder):
            return
        sounds = self.count - there * (1 if job.shards is None else job.shards.sounds)
        one = least_bytes(job.audio_format, frames=self.first.samples, channels=self.first.channels)
        require_space([Need(place.nearest(), max(0, sounds) * one, "the sounds")])


def _settled(options: PlayOptions) -> PlayOptions:
    """Return the options with what a cluster sets: sounds are the same on all its machines."""
    provider = "cpu" if options.provider == "auto" else options.provider
    return replace(options, output=None, provider=provider, threads=options.threads or _THREADS)


def _job(
    options: PlayOptions,
    blend: Blend,
    first: GenerationConfig,
    place: Destination,
    written: AudioFormat,
) -> Job:
    """Return the job, but for what its rows decide."""
    asked = options.cluster
    shards = None
    if asked.shards is not None:
        shards = Shards(asked.shard_format or "tar", asked.shards)
    pipeline = GenerationPipeline(blend)
    recipe = replace(pipeline.recipe(pipeline.prepare(first)), audio_format=written).to_json()
    return Job(
        artifacts=tuple(
            ShippedArtifact(portable_name(artifact.path), artifact.sha256, None)
            for artifact in blend.artifacts
        ),
        weights=blend.weights,
        blend_mode=blend.mode,
        options=options.session_options,
        trust=options.trust,
        check_space=not options.no_space_check,
        kept=KeptSound.of_config(first, blend),
        audio_format=written,
        tags=options.tags,
        stem=fitted_name(options.artifact.stem, _ENDING, place.folder).removesuffix(_ENDING),
        rows_name="",
        destination=place,
        shards=shards,
        digest=digest_of(recipe, vars(options.tags), shards and vars(shards)),
        force=options.force,
        versions=Versions.here(),
    )


def _bytes_of(blend: Blend) -> tuple[bytes, ...]:
    return tuple(map(_bytes, blend.artifacts))


def _bytes(artifact: Artifact) -> bytes:
    """Read an artifact's file once more, as it is sent; workers compare it with what was loaded."""
    try:
        return artifact.path.read_bytes()
    except OSError as reason:
        raise ArtifactError(f"{shown(artifact.path)} cannot be read: {why(reason)}") from None
