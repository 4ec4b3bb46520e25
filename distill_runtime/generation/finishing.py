"""Trajectories to finished sounds, short of their level: what happens after the graph, in order.

The latency is dropped, the anti-alias filter runs over everything that was rendered, then stereo,
then the sampling rate, then the exact length. All of it streams, so memory does not grow.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.audio.lowpass import ZeroPhaseLowpass
from distill_runtime.audio.resample import Resampler
from distill_runtime.audio.spatial import SpatialProcessor
from distill_runtime.audio.spool import SoundSpool
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.threads import ahead, check

# What follows the graph takes its blocks in pieces: a sound then needs fewer megabytes for it, and
# an hour's worth of large and larger ones does not scatter over the heap.
_PIECE_SAMPLES = 2**16


def render(
    artifact: Artifact,
    configs: Sequence[GenerationConfig],
    latents: Iterable[Float32Array],
    stop: threading.Event,
    *,
    overlap: bool = True,
) -> list[SoundSpool]:
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

    Returns:
        The sounds, exactly `config.samples` long, before normalisation.

    Raises:
        StoppedError: `stop` was set.
        BackendError: onnxruntime failed.
        OutputError: There is no space for a temporary file.
    """
    spools = [SoundSpool(config.channels, config.samples) for config in configs]
    finishers = [_Finisher(config, spool) for config, spool in zip(configs, spools, strict=True)]
    ends = np.cumsum([len(config.row_seeds) for config in configs])
    blocks = artifact.stream(latents)
    for block in _filtered(ahead(blocks) if overlap else blocks, artifact.latency_samples):
        check(stop)
        for finisher, rows in zip(finishers, np.split(block, ends[:-1]), strict=True):
            finisher.push(rows)
    for finisher in finishers:
        finisher.finish()
    return spools


def _filtered(blocks: Iterator[Float32Array], latency: int) -> Iterator[Float64Array]:
    """Send the graph's audio without its latency through the anti-alias filter."""
    lowpass = ZeroPhaseLowpass()
    for audio in blocks:
        for start in range(latency, audio.shape[1], _PIECE_SAMPLES):
            yield lowpass.push(audio[:, start : start + _PIECE_SAMPLES])
        latency = max(0, latency - audio.shape[1])
    yield lowpass.finish()


class _Finisher:
    """Stereo, sampling rate and length of one sound."""

    def __init__(self, config: GenerationConfig, spool: SoundSpool) -> None:
        self._spatial = SpatialProcessor(config.stereo)
        self._resampler = Resampler(config.sample_rate_hz, config.channels)
        self._missing = config.samples
        self._spool = spool

    def push(self, rows: Float64Array) -> None:
        """Take the next `[rows, samples]` at 48 kHz."""
        self._keep(self._resampler.push(self._spatial.push(rows)))

    def finish(self) -> None:
        """End the sound."""
        self._keep(self._resampler.finish())
        assert not self._missing, "the trajectory is shorter than the duration"

    def _keep(self, block: Float32Array) -> None:
        kept = block[:, : self._missing]
        self._missing -= kept.shape[1]
        self._spool.write(kept)
