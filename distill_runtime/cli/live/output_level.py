"""The level of what is heard: a factor that follows the hand without a click."""

from __future__ import annotations

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.generation.live.live_stream import LiveStream

MAX_BLOCK = 4096  # of a live sound's; a device may ask for more at once


class OutputLevel:
    """What a live sound is multiplied by on its way out.

    Attributes:
        level: 0..1, where it shall be. It is there at the end of the next block.
        samples: How many samples of each channel have been played.
    """

    def __init__(self, sound: LiveStream) -> None:
        self.level = 1.0
        self.samples = 0
        self._sound = sound
        self._at = 1.0

    def fill(self, block: Float32Array) -> None:
        """Write the next samples of the sound into `[samples, channels]`."""
        samples = len(block)
        for start in range(0, samples, MAX_BLOCK):
            part = block[start : start + MAX_BLOCK]
            sound = self._sound.read(len(part))
            part[:] = sound.T if sound.ndim == 2 else sound[:, np.newaxis]
        level = self.level
        if level != 1.0 or self._at != 1.0:
            ramp = np.linspace(self._at, level, samples + 1, dtype=np.float32)[1:]
            block *= ramp[:, np.newaxis]
            self._at = level
        self.samples += samples
