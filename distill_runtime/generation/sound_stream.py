"""A sound as the graph plays it, block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.generation.config import GenerationConfig


class SoundStream(Iterator[Float32Array]):
    """Yields the graph's own audio `[rows, samples]`, a row for each voice, one step at a time.

    Every block but the last has `block_samples` samples. The last has `last_block_samples`: its own
    step, the second half of the chunk, and as many more as the stream began with silence.

    Attributes:
        config: The request, with its seed and with a position for each slider.
        rows: Voices: 1, or 2 for stereo of two seeds.
        sample_rate_hz: Of the audio, whatever the request says.
        latency_samples: Of silence, with which the stream begins.
        block_samples: Length of every block but the last.
        last_block_samples: Length of the last.
        samples: Length of all blocks together; the sound itself is `config.duration_s` of it, from
            `latency_samples` on.
    """

    def __init__(
        self,
        artifact: Artifact,
        config: GenerationConfig,
        latents: Iterable[Float32Array],
        *,
        gain: float = 1.0,
    ) -> None:
        """Set the stream up; nothing is rendered yet.

        Args:
            artifact: What plays.
            config: The request that the latents are of.
            latents: Blocks `[rows, 1, latent_dim]`.
            gain: What to multiply the audio by.
        """
        self.config = config
        self.rows = len(config.row_seeds)
        self.sample_rate_hz = artifact.sample_rate_hz
        self.latency_samples = artifact.latency_samples
        self.block_samples = artifact.metadata.audio.step_samples
        self.last_block_samples = 2 * self.block_samples + self.latency_samples
        self.samples = self.block_samples * (config.steps - 1) + self.last_block_samples
        self._blocks = artifact.stream(latents)
        self._gain = np.float32(gain)

    def __iter__(self) -> SoundStream:
        return self

    def __next__(self) -> Float32Array:
        return next(self._blocks) * self._gain
