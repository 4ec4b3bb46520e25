"""The sounds that are compared, recorded and generated, prepared alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.listening.levels import mel_power
from distill_export.training.data.folder import Warn, find_files, name_within
from distill_export.training.data.recordings import resampled
from distill_export.training.data.survey import AUDIBLE_PEAK, survey
from distill_runtime import Artifact, GenerationConfig, GenerationPipeline
from distill_runtime.arrays import Float32Array
from distill_runtime.audio.level import TARGET_PEAK, peak
from distill_runtime.audio.lowpass import lowpass
from distill_runtime.contract import SAMPLE_RATE_HZ
from distill_runtime.errors import RecordingError
from distill_runtime.files.shown import shown

SECOND = SAMPLE_RATE_HZ
_SHORTEST = SECOND // 10


@dataclass(frozen=True, eq=False)
class Sound:
    """A sound at 48 kHz, mono, past the anti-alias filter.

    Whatever is measured of it is measured of one of two forms: the whole, at one peak, or its
    seconds, each at one peak as a training takes them, so that a loud second does not decide what
    is heard of the others.

    Attributes:
        name: Of the recording, or of the seed.
        whole: float32 `[samples]`, peak 0.891.
        one_gain: Whether the seconds keep their levels, which are then those of the whole.
    """

    name: str
    whole: Float32Array
    one_gain: bool = False

    @classmethod
    def of(cls, name: str, samples: Float32Array, *, one_gain: bool = False) -> Sound:
        """Bring a sound to its peak, and fill a click that has no spectrum up to 0.1 s.

        Raises:
            RecordingError: It is silent.
        """
        loudest = peak(samples)
        if loudest < AUDIBLE_PEAK:
            raise RecordingError("is silent")
        whole = np.pad(samples, (0, max(0, _SHORTEST - len(samples))))
        return cls(name, whole * np.float32(TARGET_PEAK / loudest), one_gain)

    @cached_property
    def seconds(self) -> Float32Array:
        """The seconds `[n, 48000]`, each at one peak, silent ones (below -60 dB) left out.

        What is left after the last whole second is left out; a sound that is shorter than a second
        is filled up with silence.
        """
        missing = max(0, SECOND - len(self.whole))
        filled = np.pad(self.whole, (0, missing))
        seconds = filled[: len(filled) // SECOND * SECOND].reshape(-1, SECOND)
        peaks = np.abs(seconds).max(axis=1, keepdims=True)
        heard = peaks[:, 0] >= AUDIBLE_PEAK
        if self.one_gain:
            return seconds[heard]
        return seconds[heard] * (np.float32(TARGET_PEAK) / peaks[heard])

    @cached_property
    def mel(self) -> torch.Tensor:
        """Mel power of the seconds, float64 `[n, n_mels, frames]`."""
        return mel_power(self.seconds)

    @cached_property
    def whole_mel(self) -> torch.Tensor:
        """Mel power of the whole, float64 `[n_mels, frames]`."""
        return mel_power(self.whole[None])[0]


def read_recordings(folder: Path, *, warn: Warn) -> list[Sound]:
    """Read all recordings of a folder as `distill-train` reads them, as far as the seconds.

    Channels are averaged, a constant is subtracted, soxr resamples to 48 kHz. Then the recording
    passes the low-pass that every finished sound passes.

    Raises:
        RecordingError: There is no such folder, or no recording in it.
    """
    sounds = []
    for path in find_files(folder, warn=warn):
        name = name_within(folder, path)
        try:
            samples = np.concatenate(list(resampled(path, survey(path))))
            sounds.append(Sound.of(name, lowpass(samples).astype(np.float32)))
        except RecordingError as reason:
            warn(f"skipped {name}: it {reason}")
    if not sounds:
        raise RecordingError(f"{shown(folder)} has no recording that can be read")
    return sounds


def generate(
    artifact: Artifact,
    *,
    seeds: Sequence[int],
    duration_s: float,
    nearness: float | None = None,
    one_gain: bool = False,
) -> Iterator[Sound]:
    """Generate the finished sounds of seeds, mono; silent ones are left out."""
    moved: dict[str, Any] = {} if nearness is None else {"nearness": nearness}
    configs = [GenerationConfig(duration_s=duration_s, seed=seed, **moved) for seed in seeds]
    for result in GenerationPipeline(artifact).generate_many(configs):
        if not result.silent:
            yield Sound.of(f"seed {result.seed}", result.audio[0], one_gain=one_gain)


def halves(sounds: Sequence[Sound], *, seed: int) -> tuple[list[Sound], list[Sound]]:
    """Split sounds at random into two parts of about the same length, none of them in both."""
    order = np.random.default_rng(seed).permutation(len(sounds))
    parts: tuple[list[Sound], list[Sound]] = ([], [])
    for index in sorted(order, key=lambda i: -len(sounds[i].seconds)):
        min(parts, key=lambda part: sum(len(sound.seconds) for sound in part)).append(sounds[index])
    return parts
