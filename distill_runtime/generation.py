"""From a request to a finished sound: trajectory, synthesis, anti-aliasing, length, level."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from distill_runtime.artifact import Artifact, split_steps
from distill_runtime.audio_file import write_wav
from distill_runtime.level import is_silent, normalization_gain, peak
from distill_runtime.lowpass import ZeroPhaseLowpass
from distill_runtime.seeds import SEED_LIMIT, check_seed
from distill_runtime.trajectory import check_duration, crossfade

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class GenerationConfig:
    """What is to be generated.

    Attributes:
        duration_s: Length of the sound in seconds. It is part of the path through latent space:
            the same seed at another duration is another sound.
        seed: 0 to 2^32 - 1, or None to have one drawn, which the result then names.

    Raises:
        RequestError: A value is out of bounds.
    """

    duration_s: float = 10.0
    seed: int | None = None

    def __post_init__(self) -> None:
        check_duration(self.duration_s, 48_000)
        if self.seed is not None:
            check_seed(self.seed)

    def with_seed(self) -> GenerationConfig:
        """Return the same request with a seed, drawn if it has none."""
        if self.seed is not None:
            return self
        return replace(self, seed=secrets.randbelow(SEED_LIMIT))


@dataclass(frozen=True, eq=False)
class GenerationResult:
    """A finished sound.

    Attributes:
        audio: `[channels, samples]`, float32, peak 0.891 unless silent.
        sample_rate_hz: Its sampling rate.
        seed: The seed it was made from.
        gain: What the model's own sound was multiplied by.
    """

    audio: Array
    sample_rate_hz: int
    seed: int
    gain: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.audio.shape[1] / self.sample_rate_hz)

    @property
    def silent(self) -> bool:
        """Whether the model produced nothing that could be heard."""
        return is_silent(peak(self.audio))

    def save(
        self, path: str | os.PathLike[str], *, bit_depth: int = 24, overwrite: bool = False
    ) -> None:
        """Write the sound as a WAV file, whole or not at all.

        Args:
            path: Where to write; its folder must exist.
            bit_depth: 16 (dithered), 24 or 32 (floating point).
            overwrite: Whether to replace a file that is there.

        Raises:
            RequestError: The path or the bit depth cannot be used.
            OutputExistsError: The file is there and `overwrite` is false.
            OutputError: The file could not be written.
        """
        write_wav(
            Path(path),
            [self.audio],
            sample_rate_hz=self.sample_rate_hz,
            channels=self.audio.shape[0],
            bit_depth=bit_depth,
            frames=self.audio.shape[1],
            seed_for_dither=self.seed,
            overwrite=overwrite,
        )


class GenerationPipeline:
    """Generates sounds from one artifact, as Distill itself would for the same seed."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact

    def generate(self, config: GenerationConfig) -> GenerationResult:
        """Generate a finished sound of exactly `round(duration_s * sample rate)` samples.

        Raises:
            RequestError: The request is too large to be met.
            BackendError: onnxruntime failed.
        """
        config = config.with_seed()
        samples = round(config.duration_s * self.artifact.sample_rate_hz)
        audio = np.empty((1, samples), np.float32)
        filled = 0
        for block in self._filtered(self._latents(config)):
            kept = block[:, : samples - filled]
            audio[:, filled : filled + kept.shape[1]] = kept
            filled += kept.shape[1]
        assert filled == samples, "the trajectory is shorter than the duration"
        gain = normalization_gain(peak(audio))
        audio *= np.float32(gain)
        return GenerationResult(audio, self.artifact.sample_rate_hz, _seed(config), gain)

    def stream(self, config: GenerationConfig, *, gain: float = 1.0) -> Iterator[Array]:
        """Generate the sound block by block, for a host that plays it as it comes.

        This is the graph's own audio times a constant: it is neither filtered nor normalised nor
        cut to the duration, and its first `artifact.latency_samples` are silence.

        Args:
            config: What to generate.
            gain: The factor; `GenerationResult.gain` of the same request gives its level.

        Yields:
            Audio `[1, samples]`.

        Raises:
            BackendError: onnxruntime failed.
        """
        latents = self._latents(config.with_seed())
        for audio in self.artifact.stream(split_steps(latents, steps=1)):
            yield audio * np.float32(gain)

    def _latents(self, config: GenerationConfig) -> Array:
        """Return the trajectory `[1, steps, latent_dim]`."""
        return crossfade(
            seed=_seed(config), duration_s=config.duration_s, latent_dim=self.artifact.latent_dim
        )[None]

    def _filtered(self, latents: Array) -> Iterator[npt.NDArray[np.float64]]:
        """Play a trajectory without its latency, through the anti-alias filter."""
        lowpass = ZeroPhaseLowpass()
        latency = self.artifact.latency_samples
        for audio in self.artifact.stream(split_steps(latents)):
            yield lowpass.push(audio[:, latency:])
            latency = max(0, latency - audio.shape[1])
        yield lowpass.finish()


def _seed(config: GenerationConfig) -> int:
    assert config.seed is not None, "the seed was not drawn"
    return config.seed
