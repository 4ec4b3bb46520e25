"""From the voices of a live sound to what is heard: stereo, level and a soft limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.audio.level import TARGET_PEAK, normalization_gain, peak
from distill_runtime.audio.soft_limit import soft_limit
from distill_runtime.audio.spatial import SpatialProcessor, StereoSettings
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, finite
from distill_runtime.generation.live.path import Path
from distill_runtime.generation.live.place import Place

# What went before and is still heard, of the stereo delays, 15 and 40 ms, and of a head's filters,
# 2048 taps at most.
MEMORY_SAMPLES = 2_640

_LEVEL_STEPS = 8  # four seconds
_MAX_GAIN = 100.0  # 40 dB: a place that is all but silent is not made to roar


class Output:
    """Takes the voices `[rows, samples]` in blocks; how they are cut changes nothing."""

    def __init__(self, stereo: StereoSettings, gain: float) -> None:
        self._spatial = SpatialProcessor(stereo)
        self._gain = gain

    def push(self, rows: Float32Array) -> Float32Array:
        """Return what is heard, `[channels, samples]`, within full scale."""
        return soft_limit(self._spatial.push(rows) * self._gain).astype(np.float32)


def file_gain(artifact: Artifact, place: Place, stereo: StereoSettings) -> float:
    """Return the gain that a finished file of the first seconds at a place would have.

    As in a file, a control of the level does not count: it is to be heard.
    """
    levels = {control.name.casefold() for control in artifact.controls if control.is_level}
    rest = tuple(pair for pair in place.controls if pair[0].casefold() not in levels)
    place = replace(place, controls=rest)
    path = Path(artifact, stereo.input_channels)
    latents = np.stack(
        [path.latents(place, 0 if place.hold else step) for step in range(_LEVEL_STEPS)], axis=1
    )
    audio, _ = artifact.step(latents, artifact.initial_state(path.rows))
    heard = SpatialProcessor(stereo).push(audio[:, artifact.latency_samples :])
    return min(normalization_gain(peak(heard), TARGET_PEAK), _MAX_GAIN)


def checked_gain(gain: object) -> float:
    """Return a gain as a plain float.

    Raises:
        RequestError: It is not a finite number, 0 or more.
    """
    value = finite(gain)
    if value is None or value < 0.0:
        raise RequestError(f"the gain is {brief(gain)}, expected a finite number, 0 or more")
    return value
