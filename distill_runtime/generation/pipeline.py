"""From a request to a finished sound."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from distill_runtime import __version__
from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact, steps_per_call
from distill_runtime.artifact.session import onnxruntime_version
from distill_runtime.audio.level import is_silent, normalization_gain
from distill_runtime.audio.level_meter import Levels
from distill_runtime.audio.spool import SoundSpool
from distill_runtime.audio_file.pipe import RawEncoding, write_raw_stream, write_wav_stream
from distill_runtime.audio_file.tags import Tags
from distill_runtime.audio_file.writer import write_audio
from distill_runtime.errors import RequestError
from distill_runtime.files.output_file import replacing
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.finishing import render
from distill_runtime.generation.recipe import Ingredient, Recipe
from distill_runtime.generation.threads import in_order
from distill_runtime.latents.blend import AUDIO, BlendEngine
from distill_runtime.latents.sliders import check_positions
from distill_runtime.latents.trajectory import crossfade_blocks, evolve_blocks

# Voices side by side in one call. Few, since several batches run at a time: the decoder uses all
# cores, the rest of the graph and what comes after it only one (docs/performance.md).
_VOICES_PER_BATCH = {
    "learned": 4,
    "refined": 1,  # its rows round a little differently beside others, and a recipe would not know
}


@dataclass(frozen=True, eq=False)
class GenerationResult:
    """A finished sound, peak 0.891 unless silent.

    Attributes:
        recipe: How to make it again.
        gain: What the model's own sound was multiplied by.
        levels: Peak, loudness, clipping and offset.
    """

    recipe: Recipe
    gain: float
    levels: Levels
    _spool: SoundSpool

    @property
    def config(self) -> GenerationConfig:
        """The request, with its seed."""
        return self.recipe.config

    @property
    def seed(self) -> int:
        """The seed it was made from."""
        assert self.config.seed is not None, "the seed was not drawn"
        return self.config.seed

    @property
    def sample_rate_hz(self) -> int:
        """Its sampling rate."""
        return self.config.sample_rate_hz

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._spool.channels

    @property
    def samples(self) -> int:
        """Length of a channel in samples."""
        return self._spool.frames

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / self.sample_rate_hz

    @property
    def silent(self) -> bool:
        """Whether the model produced nothing that could be heard."""
        return is_silent(self._spool.meter.peak)

    @cached_property
    def audio(self) -> Float32Array:
        """The whole sound, `[channels, samples]`; `blocks` gives it without holding it whole."""
        return np.concatenate([np.zeros((self.channels, 0), np.float32), *self.blocks()], axis=1)

    def blocks(self) -> Iterator[Float32Array]:
        """Yield the sound from its beginning in blocks `[channels, samples]`."""
        return self._spool.blocks(self.gain)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        tags: Tags | None = None,
        sidecar: bool = False,
        overwrite: bool = False,
    ) -> None:
        """Write the sound to a file in the request's format, whole or not at all.

        The recipe goes into the comment tag, whatever comment `tags` has.

        Args:
            path: Where to write; its folder must exist.
            tags: Title, artist and album.
            sidecar: Whether to write the recipe beside the file too, as `<path>.json`.
            overwrite: Whether to replace files that are there.

        Raises:
            RequestError: The path cannot be used.
            OutputExistsError: A file is there and `overwrite` is false.
            OutputError: The file could not be written.
        """
        recipe = self.recipe.to_json()
        with _sidecar(Path(path), recipe, overwrite=overwrite) if sidecar else nullcontext():
            write_audio(
                Path(path),
                self.blocks(),
                audio_format=self.config.audio_format,
                sample_rate_hz=self.sample_rate_hz,
                channels=self.channels,
                frames=self.samples,
                tags=replace(tags or Tags(), comment=recipe),
                seed_for_dither=None if self.silent else self.seed,
                overwrite=overwrite,
            )

    def write_wav(self, file: BinaryIO, *, tags: Tags | None = None) -> None:
        """Write the sound as a WAV to a stream that need not be seekable, such as a pipe.

        Raises:
            RequestError: The request's format is not WAV.
            OSError: The stream cannot be written.
        """
        depth = self.config.audio_format.bit_depth
        if self.config.audio_format.container != "wav" or depth is None:
            raise RequestError(
                f"a pipe takes WAV or raw samples, not {self.config.audio_format.container}"
            )
        write_wav_stream(
            file,
            self.blocks(),
            frames=self.samples,
            sample_rate_hz=self.sample_rate_hz,
            channels=self.channels,
            bit_depth=depth,
            tags=replace(tags or Tags(), comment=self.recipe.to_json()),
            seed_for_dither=None if self.silent else self.seed,
        )

    def write_raw(self, file: BinaryIO, *, encoding: RawEncoding) -> None:
        """Write bare interleaved samples to a stream.

        Raises:
            OSError: The stream cannot be written.
        """
        write_raw_stream(
            file,
            self.blocks(),
            encoding=encoding,
            channels=self.channels,
            seed_for_dither=None if self.silent else self.seed,
        )


class GenerationPipeline:
    """Generates sounds from an artifact, or from a blend of several, as Distill itself would."""

    def __init__(self, artifact: Artifact, *, blend: BlendEngine | None = None) -> None:
        """Set the pipeline up.

        Args:
            artifact: What plays.
            blend: Several artifacts, `artifact` the first of them.

        Raises:
            RequestError: `artifact` is not the first of the blend.
        """
        if blend is not None and blend.artifacts[0] is not artifact:
            raise RequestError("the first artifact of a blend must be the one that plays")
        self.artifact = artifact
        self.blend = blend

    def generate(self, config: GenerationConfig) -> GenerationResult:
        """Generate a finished sound of exactly `round(duration_s * sample_rate_hz)` samples.

        Raises:
            RequestError: The sliders or the latent vector do not fit the model.
            BackendError: onnxruntime failed.
        """
        return next(iter(self.generate_many([config])))

    def generate_many(self, configs: Sequence[GenerationConfig]) -> Iterator[GenerationResult]:
        """Generate several sounds, side by side and several at a time.

        Every sound is what it would be alone, bit for bit.

        Yields:
            A result for each request, in order.

        Raises:
            RequestError: The sliders or the latent vector of a request do not fit the model.
            BackendError: onnxruntime failed.
        """
        seeded = [config.with_seed() for config in configs]
        for config in seeded:
            self._check(config)
        together = min(
            _VOICES_PER_BATCH[player.metadata.reconstruction] for player in self._players()
        )
        batches = list(_batches(seeded, together))
        workers = min(self._workers(), len(batches))
        generate = partial(self._generate_batch, overlap=workers <= 1)
        jobs = [partial(generate, batch) for batch in batches]
        for results in in_order(jobs, workers):
            yield from results

    def stream(self, config: GenerationConfig, *, gain: float = 1.0) -> Iterator[Float32Array]:
        """Generate the sound block by block, for a host that plays it as it comes.

        This is the graph's own audio times a constant: it is neither filtered nor normalised nor
        cut to the duration, its rate is the model's, and its first `artifact.latency_samples` are
        silence.

        Args:
            config: What to generate. Stereo is "mono", or "dual-seed" for two rows.
            gain: The factor; `GenerationResult.gain` of the same request gives its level.

        Yields:
            Audio `[rows, samples]`, one row for each voice.

        Raises:
            RequestError: The request cannot be streamed.
            BackendError: onnxruntime failed.
        """
        config = config.with_seed()
        self._check(config)
        if self.blend is not None and self.blend.mode == AUDIO:
            raise RequestError("an audio blend cannot be streamed: it mixes finished sounds")
        for audio in self.artifact.stream(self._latents([config], 0, block_steps=1)):
            yield audio * np.float32(gain)

    def _workers(self) -> int:
        """Return how many batches to render at a time."""
        threads = self.artifact.options.resolved_threads
        if self.artifact.provider != "cpu" or threads == 1:
            return 1
        # One more than there are cores: each waits now and then for a thread of onnxruntime's.
        return threads + 1

    def _generate_batch(
        self, configs: Sequence[GenerationConfig], stop: threading.Event, *, overlap: bool
    ) -> list[GenerationResult]:
        """Generate sounds of one duration in one batch of the graph."""
        parts = [
            render(artifact, configs, self._latents(configs, index), stop, overlap=overlap)
            for index, artifact in enumerate(self._players())
        ]
        results = []
        for config, *spools in zip(configs, *parts, strict=True):
            if self.blend is not None and self.blend.mode == AUDIO:
                spool, gain = self._mixed(self.blend, spools), 1.0
            else:
                spool = spools[0]
                gain = normalization_gain(spool.meter.peak)
            results.append(
                GenerationResult(
                    recipe=self._recipe(config),
                    gain=gain,
                    levels=spool.meter.levels(gain),
                    _spool=spool,
                )
            )
        return results

    @staticmethod
    def _mixed(blend: BlendEngine, spools: Sequence[SoundSpool]) -> SoundSpool:
        """Average finished, which is to say normalised, sounds."""
        mixed = SoundSpool(spools[0].channels, spools[0].frames)
        finished = [spool.blocks(normalization_gain(spool.meter.peak)) for spool in spools]
        for blocks in zip(*finished, strict=True):
            mixed.write(blend.mix(blocks))
        return mixed

    def _players(self) -> tuple[Artifact, ...]:
        """Return the artifacts that render: all of an audio blend, else the first."""
        if self.blend is not None and self.blend.mode == AUDIO:
            return self.blend.artifacts
        return (self.artifact,)

    def _check(self, config: GenerationConfig) -> None:
        """Refuse sliders or a vector that this model does not have, before anything is rendered."""
        if config.sliders is not None:
            sliders = self.artifact.sliders if self.blend is None else self.blend.sliders
            check_positions(sliders, config.sliders)
        for artifact in self._players():
            vector = config.latent_vector
            if vector is not None and len(vector) != artifact.latent_dim:
                raise RequestError(
                    f"the latent vector has {len(vector)} values, "
                    f"{artifact.path.name} expects {artifact.latent_dim}"
                )

    def _latents(
        self, configs: Sequence[GenerationConfig], player: int, block_steps: int | None = None
    ) -> Iterator[Float32Array]:
        """Yield the requests' paths on one artifact, a row for each voice.

        Args:
            configs: Requests of one duration.
            player: Index of the artifact that is to play them.
            block_steps: Steps in a block; by default as many as make a call efficient.

        Yields:
            `[rows, steps, latent_dim]`.
        """
        rows = sum(len(config.row_seeds) for config in configs)
        steps = block_steps or steps_per_call(rows)
        paths = [
            path for config in configs for path in self._paths(config, player, block_steps=steps)
        ]
        for blocks in zip(*paths, strict=True):
            yield np.stack(blocks)

    def _paths(
        self, config: GenerationConfig, player: int, *, block_steps: int
    ) -> Iterator[Iterator[Float32Array]]:
        """Yield the path of each of a request's voices, in blocks `[steps, latent_dim]`."""
        start = self._start(config, player)
        for seed in config.row_seeds:
            if start is None:
                yield crossfade_blocks(
                    seed=seed,
                    duration_s=config.duration_s,
                    latent_dim=self._players()[player].latent_dim,
                    block_steps=block_steps,
                )
            else:
                yield evolve_blocks(
                    start,
                    seed=seed,
                    duration_s=config.duration_s,
                    evolution=config.evolution,
                    block_steps=block_steps,
                )

    def _start(self, config: GenerationConfig, player: int) -> Float32Array | None:
        """Return the vector `[latent_dim]` that a path starts from; None for a crossfade."""
        if config.latent_vector is not None:
            return np.array(config.latent_vector, np.float32)
        engine = self.blend or BlendEngine([self.artifact], [1.0])
        if self.blend is not None and self.blend.mode != AUDIO:
            return engine.latent_vector(config.sliders)
        return None if config.sliders is None else engine.latent_vectors(config.sliders)[player]

    def _recipe(self, config: GenerationConfig) -> Recipe:
        artifacts = (self.artifact,) if self.blend is None else self.blend.artifacts
        weights = (1.0,) if self.blend is None else self.blend.given_weights
        options = self.artifact.options
        return Recipe(
            config=config,
            ingredients=tuple(
                Ingredient(
                    name=artifact.path.name,
                    sha256=artifact.sha256,
                    model_id=artifact.metadata.model.id,
                    precision=artifact.metadata.precision,
                    weight=weight,
                )
                for artifact, weight in zip(artifacts, weights, strict=True)
            ),
            blend_mode=None if self.blend is None else self.blend.mode,
            runtime=__version__,
            onnxruntime=onnxruntime_version(),
            provider=self.artifact.provider,
            threads=options.resolved_threads,
        )


@contextmanager
def _sidecar(path: Path, recipe: str, *, overwrite: bool) -> Iterator[None]:
    """Write a recipe beside a sound, as `<path>.json`, once the sound is there."""
    with replacing(path.with_name(path.name + ".json"), overwrite=overwrite) as temporary:
        temporary.write_text(recipe + "\n", encoding="utf-8")
        yield


def _batches(
    configs: Sequence[GenerationConfig], most_voices: int
) -> Iterator[list[GenerationConfig]]:
    """Group neighbours of one duration, at most so many voices together."""
    batch: list[GenerationConfig] = []
    for config in configs:
        voices = sum(len(other.row_seeds) for other in batch) + len(config.row_seeds)
        if batch and (voices > most_voices or config.duration_s != batch[0].duration_s):
            yield batch
            batch = []
        batch.append(config)
    if batch:
        yield batch
