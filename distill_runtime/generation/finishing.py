"""From a trajectory to a finished sound, short of its level: what follows the graph, in order.

The latency is dropped, the anti-alias filter runs over everything that was rendered, then stereo,
then the sampling rate, then the exact length (of a loop, by a cross-fade), then fades. All of it
streams, so memory does not grow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.audio.fades import Fader
from distill_runtime.audio.level import peak
from distill_runtime.audio.loop import LoopJoiner
from distill_runtime.audio.lowpass import ZeroPhaseLowpass
from distill_runtime.audio.resample import Resampler
from distill_runtime.audio.spatial import SpatialProcessor
from distill_runtime.audio.spool import SoundSpool
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.loop_plan import LoopPlan
from distill_runtime.generation.threads import ahead, until

# What follows the graph takes its blocks in pieces: a sound then needs fewer megabytes for it, and
# an hour's worth of large and larger ones does not scatter over the heap.
_PIECE_SAMPLES = 2**16
_LEAST_SAMPLES = 2**15  # of a block for the filter, where nobody waits for it


@dataclass(frozen=True)
class SoundPeaks:
    """What a sound's level is set by.

    Attributes:
        kept: Largest magnitude of the sound before it is faded: a fade changes no level but its
            own.
        rendered: The same of all that the original would have rendered for it, which may go on
            beyond the sound's end. Distill sets the level of a sound that it mixes by it.
    """

    kept: float
    rendered: float


@dataclass(frozen=True)
class RenderedSound:
    """A sound of exactly its length, before its level is set."""

    spool: SoundSpool
    peaks: SoundPeaks


def render_sounds(
    artifact: Artifact,
    configs: Sequence[GenerationConfig],
    latents: Iterable[Float32Array],
    stop: threading.Event,
    *,
    overlap: bool = True,
    progress: Callable[[float], None] | None = None,
) -> list[RenderedSound]:
    """Render several sounds of one duration side by side in the graph's batch.

    The rows of a batch do not influence each other: each sound is what it would be alone.

    Args:
        artifact: What plays.
        configs: One for each sound, all of one duration.
        latents: Blocks `[rows, steps, latent_dim]` of the trajectory, a row for each voice of each
            sound, in their order.
        stop: Set by another thread to end the work.
        overlap: Whether the graph may play the next block while the last one is worked on; where
            several sounds are rendered side by side, all cores are busy without it.
        progress: Told how much is done, 0 to 1.

    Returns:
        The sounds, exactly `config.samples` long, before normalisation.

    Raises:
        StoppedError: `stop` was set.
        BackendError: onnxruntime failed.
        OutputError: There is no space for a temporary file.
    """
    spools = [SoundSpool(config.channels, config.samples) for config in configs]
    peaks = _render(
        artifact,
        configs,
        latents,
        stop,
        [s.write for s in spools],
        overlap=overlap,
        progress=progress,
    )
    return [RenderedSound(spool, found) for spool, found in zip(spools, peaks, strict=True)]


def measure_sounds(
    artifact: Artifact,
    configs: Sequence[GenerationConfig],
    latents: Iterable[Float32Array],
    stop: threading.Event,
    *,
    overlap: bool = True,
    progress: Callable[[float], None] | None = None,
) -> list[SoundPeaks]:
    """Render several sounds as `render_sounds` does, and keep nothing but their peaks.

    Raises:
        StoppedError: `stop` was set.
        BackendError: onnxruntime failed.
    """
    nowhere = [lambda block: None] * len(configs)
    return _render(artifact, configs, latents, stop, nowhere, overlap=overlap, progress=progress)


def _render(
    artifact: Artifact,
    configs: Sequence[GenerationConfig],
    latents: Iterable[Float32Array],
    stop: threading.Event,
    writers: Sequence[Callable[[Float32Array], None]],
    *,
    overlap: bool,
    progress: Callable[[float], None] | None,
) -> list[SoundPeaks]:
    """Render several sounds and hand their blocks `[channels, samples]` to a writer each."""
    finishers = [Finisher(config, artifact) for config in configs]
    ends = np.cumsum([len(config.row_seeds) for config in configs])
    blocks = until(stop, artifact.stream(latents))
    # A thread, which has to be started and wakes on another core, is for sounds of several calls,
    # and for whom more than one was asked for.
    is_long = configs[0].steps > artifact.steps_per_call(ends[-1])
    overlap = overlap and is_long and artifact.options.resolved_threads > 1
    ready = filtered(joined(ahead(blocks) if overlap else blocks), artifact.latency_samples)
    for block in until(stop, ready):
        for finisher, write, rows in zip(
            finishers, writers, np.split(block, ends[:-1]), strict=True
        ):
            write(finisher.push(rows))
        if progress is not None:
            progress(finishers[0].done)
    for finisher, write in zip(finishers, writers, strict=True):
        write(finisher.finish())
    if progress is not None:
        progress(1.0)
    return [finisher.peaks for finisher in finishers]


def finished_blocks(
    artifact: Artifact, config: GenerationConfig, latents: Iterable[Float32Array]
) -> Iterator[Float32Array]:
    """Yield one sound `[channels, samples]` as it is rendered: its samples before the level.

    Raises:
        BackendError: onnxruntime failed.
    """
    finisher = Finisher(config, artifact)
    for rows in filtered(artifact.stream(latents), artifact.latency_samples):
        yield finisher.push(rows)
    yield finisher.finish()


def joined(blocks: Iterator[Float32Array]) -> Iterator[Float32Array]:
    """Join short blocks `[rows, samples]`, each of which would cost the filter as much as two."""
    waiting: list[Float32Array] = []
    for block in blocks:
        waiting.append(block)
        if sum(part.shape[1] for part in waiting) >= _LEAST_SAMPLES:
            yield np.concatenate(waiting, axis=1) if len(waiting) > 1 else block
            waiting = []
    if waiting:
        yield np.concatenate(waiting, axis=1)


def filtered(blocks: Iterator[Float32Array], latency_samples: int) -> Iterator[Float64Array]:
    """Filter the graph's audio `[rows, samples]`, without its latency, against aliases."""
    lowpass = ZeroPhaseLowpass()
    for audio in blocks:
        for start in range(latency_samples, audio.shape[1], _PIECE_SAMPLES):
            yield lowpass.push(audio[:, start : start + _PIECE_SAMPLES])
        latency_samples = max(0, latency_samples - audio.shape[1])
    yield lowpass.finish()


class Finisher:
    """Stereo, sampling rate, length and fades of one sound."""

    def __init__(self, config: GenerationConfig, artifact: Artifact) -> None:
        self._spatial = SpatialProcessor(config.stereo)
        self._resampler = Resampler(config.sample_rate_hz, config.channels)
        self._samples = self._missing = config.samples
        self._joiner = _joiner(config) if config.loop else None
        self._fader = Fader(
            config.samples, fade_in=config.fade_in_samples, fade_out=config.fade_out_samples
        )
        grid = artifact.metadata.audio
        # The original's centred inverse transform ends a hop before ours.
        rendered = grid.step_samples * (config.steps + 1) - grid.hop_length
        self._unheard = round(rendered * config.sample_rate_hz / grid.sample_rate_hz)
        self._peak = self._rendered_peak = 0.0

    @property
    def done(self) -> float:
        """How much of the sound is finished, 0 to 1."""
        return 1.0 - self._missing / self._samples

    @property
    def peaks(self) -> SoundPeaks:
        """What the level of the finished sound is set by."""
        return SoundPeaks(self._peak, self._rendered_peak)

    def push(self, rows: Float64Array) -> Float32Array:
        """Take the next `[rows, samples]` at the model's rate; return what is finished by now."""
        return self._cut(self._resampler.push(self._spatial.push(rows)))

    def finish(self) -> Float32Array:
        """End the sound and return the rest of it."""
        rest = self._cut(self._resampler.finish())
        assert not self._missing, "the trajectory is shorter than the duration"
        return rest

    def _cut(self, block: Float32Array) -> Float32Array:
        if self._joiner is not None:
            block = self._joiner.push(block)
        self._rendered_peak = max(self._rendered_peak, peak(block[:, : self._unheard]))
        self._unheard -= min(self._unheard, block.shape[1])
        kept = block[:, : self._missing]
        self._peak = max(self._peak, peak(kept))
        self._missing -= kept.shape[1]
        return self._fader.push(kept)


def _joiner(config: GenerationConfig) -> LoopJoiner:
    plan = LoopPlan.of(config)
    return LoopJoiner(config.samples, skipped=plan.skipped, overlap=plan.overlap)
