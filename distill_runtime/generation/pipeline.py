"""From requests to sounds: generated whole, many at a time, or streamed as they are rendered."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import Any

import numpy as np

from distill_runtime import __version__
from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.session import onnxruntime_version
from distill_runtime.audio.soft_limit import soft_limit
from distill_runtime.audio.spool import spool_bytes
from distill_runtime.audio_file.container import DEFAULT_BIT_DEPTH, AudioFormat
from distill_runtime.audio_file.encoded_stream import encoded_chunks
from distill_runtime.audio_file.pipe import wav_chunks
from distill_runtime.audio_file.tags import Tags
from distill_runtime.errors import ArtifactError, CancelledError, RequestError
from distill_runtime.files.paths import portable_name
from distill_runtime.files.space import require_space, temporary_need
from distill_runtime.generation.batch import Progress, render_batch
from distill_runtime.generation.blend import Blend
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.finishing import finished_blocks
from distill_runtime.generation.recipe import Ingredient, Recipe
from distill_runtime.generation.result import GenerationResult, finished
from distill_runtime.generation.sound_stream import SoundStream
from distill_runtime.generation.threads import StoppedError, in_order
from distill_runtime.generation.voices import latent_blocks

# So many sounds pay for a session more to play them in.
_WORTH_A_SESSION = 16


class GenerationPipeline:
    """Generates sounds from an artifact, or from a blend of several, as Distill itself would.

    Args:
        source: What plays: an artifact, or a `Blend`.
        check_space: Whether to refuse sounds that the folder for temporary files has no room for.

    Attributes:
        blend: The same as a blend; a single artifact is a blend of one.
    """

    def __init__(self, source: Artifact | Blend, *, check_space: bool = True) -> None:
        self.blend = Blend.of(source)
        self._check_space = check_space

    def prepare(self, config: GenerationConfig) -> GenerationConfig:
        """Return a request as it will be generated.

        It has a seed, a position for each slider, the models' own names of controls, and a
        nearness.

        Raises:
            RequestError: The sliders, the controls or the latent vector do not fit the models.
        """
        config = config.with_seed().with_positions(self.blend.sliders)
        config = config.with_controls(self.blend.controls)
        config = replace(config, nearness=self.blend.nearness(config.nearness))
        self.blend.start_vectors(config)
        self.blend.shifts(config)
        return config

    def trajectory(self, config: GenerationConfig) -> Float32Array:
        """Return the latent vectors that a request walks through, on the first of what plays.

        Returns:
            `[rows, steps, latent_dim]`, a row for each voice, which `Artifact.render` takes. Of a
            loop, with the steps before its beginning.

        Raises:
            RequestError: The sliders or the latent vector do not fit the models.
        """
        return np.concatenate(list(latent_blocks(self.blend, [self.prepare(config)])), axis=1)

    def generate(
        self,
        config: GenerationConfig,
        *,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> GenerationResult:
        """Generate a finished sound of exactly `round(duration_s * sample_rate_hz)` samples.

        Args:
            config: What to generate.
            progress: Told how much is rendered, 0 to 1, at times in between and at the end, on a
                thread that renders.
            cancel: Set by another thread to give the sound up.

        Raises:
            RequestError: The sliders or the latent vector do not fit the model.
            BackendError: onnxruntime failed.
            SpaceError: There is no room for the temporary files.
            CancelledError: `cancel` was set.
        """
        stop = cancel or threading.Event()
        try:
            (result,) = self._generate_batch([self.prepare(config)], stop, progress=progress)
        except StoppedError:
            raise CancelledError("the sound was given up before it was whole") from None
        return result

    def generate_many(self, configs: Iterable[GenerationConfig]) -> Iterator[GenerationResult]:
        """Generate several sounds, side by side and several at a time.

        Every sound is what it would be alone, bit for bit. Requests are taken as they are needed,
        a few ahead of the results, so there may be any number.

        Yields:
            A result for each request, in order.

        Raises:
            RequestError: The sliders or the latent vector of a request do not fit the model.
            SpaceError: There is no room for the temporary files.
            BackendError: onnxruntime failed.
        """
        asked = map(self.prepare, configs)
        begun = list(islice(asked, _WORTH_A_SESSION))
        blend, workers = self.blend, self._workers()
        if len(begun) == _WORTH_A_SESSION and workers > 1 and self._is_on_cpu:
            with suppress(ArtifactError):  # where the file is gone by now, it goes as it is
                blend = self.blend.single_threaded()
                workers -= 1
        batches = _batches(chain(begun, asked), partial(_voices, blend))
        first = list(islice(batches, workers))
        generate = partial(self._generate_batch, blend=blend, overlap=len(first) <= 1)
        jobs = (partial(generate, batch) for batch in chain(first, batches))
        for results in in_order(jobs, len(first)):
            yield from results

    def stream(self, config: GenerationConfig, *, gain: float = 1.0) -> SoundStream:
        """Generate the sound block by block, for a host that plays it as it comes.

        This is the graph's own audio times a constant: it is neither filtered nor normalised nor
        cut to the duration, its rate is the model's, and its first `latency_samples` are silence.

        Args:
            config: What to generate. Stereo is not made of it; of two seeds there are two rows.
            gain: The factor; `GenerationResult.gain` of the same request gives its level.

        Returns:
            An iterator over `[rows, samples]`, which says how long its blocks are.

        Raises:
            RequestError: The request cannot be streamed.
            BackendError: onnxruntime failed.
        """
        if config.loop or config.fade_in_s or config.fade_out_s:
            raise RequestError(
                "loops and fades are made of finished sounds, and stream plays what the graph "
                "does: stream_wav or generate has them"
            )
        config = self.prepare(config)
        renderer = self._streaming_renderer()
        latents = latent_blocks(self.blend, [config], block_steps=1)
        return SoundStream(renderer, config, latents, gain=gain)

    def stream_wav(
        self,
        config: GenerationConfig,
        *,
        gain: float,
        bit_depth: int = 16,
        tags: Tags | None = None,
    ) -> Iterator[bytes]:
        """Generate a finished WAV while it is rendered: the body of an HTTP response, for example.

        Its samples are those of `generate`, filtered, in stereo, at the request's rate and of its
        length, but for the level, which nobody can know before the end: the caller names it. With
        `GenerationResult.gain` of the same request, and saved with the same bit depth and tags,
        the bytes are those of the file.

        Args:
            config: What to generate.
            gain: What to multiply the model's own sound by, whose peaks lie near 0.15; what goes
                beyond full scale is clipped, and with a control of the level limited softly.
            bit_depth: 16, 24, or 32 (floating point).
            tags: Title, artist and album.

        Yields:
            The header, with the whole length in it, and then samples.

        Raises:
            RequestError: The request cannot be streamed, or there is no such bit depth.
            BackendError: onnxruntime failed.
        """
        return self.stream_file(
            config, gain=gain, audio_format=AudioFormat("wav", bit_depth), tags=tags
        )

    def stream_file(
        self,
        config: GenerationConfig,
        *,
        gain: float,
        audio_format: AudioFormat,
        tags: Tags | None = None,
    ) -> Iterator[bytes]:
        """Generate a finished WAV, FLAC or OGG while it is rendered; see `stream_wav`.

        The samples are those of the file that `GenerationResult.save` writes. Of a FLAC the bytes
        differ by what is known at the end alone, a checksum of the samples; of an OGG by its
        serial number.

        Raises:
            RequestError: The request cannot be streamed, or not in this format.
            BackendError: onnxruntime failed.
        """
        if config.loop and audio_format.container != "wav":
            raise RequestError(
                f"a loop cannot be streamed as {audio_format.container}, which says that it is one "
                "only in a whole file: take wav, or normalise it"
            )
        config = self.prepare(config)
        renderer = self._streaming_renderer()
        recipe = replace(self.recipe(config), audio_format=audio_format).to_json()
        blocks = finished_blocks(renderer, config, latent_blocks(self.blend, [config]))
        louder = (block * np.float32(gain) for block in blocks)
        heard = map(soft_limit, louder) if self.blend.without_level(config) else louder
        settings: dict[str, Any] = {
            "frames": config.samples,
            "sample_rate_hz": config.sample_rate_hz,
            "channels": config.channels,
            "tags": replace(tags or Tags(), comment=recipe),
            "seed_for_dither": config.seed,
        }
        if audio_format.container == "wav":
            depth = audio_format.bit_depth or DEFAULT_BIT_DEPTH
            return wav_chunks(heard, bit_depth=depth, loop=config.loop, **settings)
        serial = zlib.crc32(recipe.encode("ascii"))
        return encoded_chunks(heard, audio_format=audio_format, serial=serial, **settings)

    def recipe(self, config: GenerationConfig) -> Recipe:
        """Return the recipe of a prepared request, which is in no file yet."""
        blend, first = self.blend, self.blend.renderers[0]
        return Recipe(
            config=config,
            ingredients=tuple(
                Ingredient(
                    name=portable_name(artifact.path),
                    sha256=artifact.sha256,
                    model_id=artifact.metadata.model.id,
                    precision=artifact.metadata.precision,
                    weight=weight,
                )
                for artifact, weight in zip(blend.artifacts, blend.weights, strict=True)
            ),
            blend_mode=None if blend.is_single else blend.mode,
            runtime=__version__,
            onnxruntime=onnxruntime_version(),
            provider=first.provider,
            threads=first.options.resolved_threads,
        )

    def temporary_bytes(self, config: GenerationConfig, count: int = 1) -> int:
        """Return what so many sounds alike take in the folder for temporary files while they last.

        Long ones lie there until their level is known; of many, no more than are rendered at a
        time.
        """
        batch = max(1, _voices(self.blend, config.steps) // len(config.row_seeds))
        return self._temporary_bytes([config] * min(count, batch * self._workers()))

    def _temporary_bytes(self, configs: Sequence[GenerationConfig]) -> int:
        sounds = len(self.blend.renderers) + self.blend.mixes_sounds  # the mixture is one, too
        return sounds * sum(spool_bytes(config.channels, config.samples) for config in configs)

    def _streaming_renderer(self) -> Artifact:
        """Return the artifact that can render a sound before all of it is known."""
        if self.blend.mixes_sounds:
            raise RequestError("an audio blend cannot be streamed: it mixes finished sounds")
        return self.blend.renderers[0]

    @property
    def _is_on_cpu(self) -> bool:
        return self.blend.renderers[0].provider == "cpu"

    def _workers(self) -> int:
        """Return how many batches to render at a time."""
        threads = self.blend.renderers[0].options.resolved_threads
        if threads == 1 or not self._is_on_cpu:
            return threads  # a GPU waits for what follows it, a core's work for each
        # One more than there are cores: each waits now and then for a thread of onnxruntime's.
        return threads + 1

    def _generate_batch(
        self,
        configs: Sequence[GenerationConfig],
        stop: threading.Event,
        *,
        blend: Blend | None = None,
        overlap: bool = True,
        progress: Progress | None = None,
    ) -> list[GenerationResult]:
        """Generate prepared sounds of one duration in one batch of the graph."""
        if self._check_space:
            require_space([temporary_need(self._temporary_bytes(configs))])
        playing = self.blend if blend is None else blend
        sounds = render_batch(playing, configs, stop, overlap=overlap, progress=progress)
        return [
            finished(self.recipe(config), sound.spool, sound.gain, limited=sound.is_moved)
            for config, sound in zip(configs, sounds, strict=True)
        ]


def _voices(blend: Blend, steps: int) -> int:
    """Return how many voices of so many steps to render side by side."""
    return min(renderer.voices_of(steps) for renderer in blend.renderers)


def _batches(
    configs: Iterable[GenerationConfig], most_voices: Callable[[int], int]
) -> Iterator[list[GenerationConfig]]:
    """Group neighbours of one duration, loops apart, at most so many voices of its steps."""
    batch: list[GenerationConfig] = []
    for config in configs:
        voices = sum(len(other.row_seeds) for other in batch) + len(config.row_seeds)
        alike = batch and (config.duration_s, config.loop) == (batch[0].duration_s, batch[0].loop)
        if batch and (voices > most_voices(config.steps) or not alike):
            yield batch
            batch = []
        batch.append(config)
    if batch:
        yield batch
