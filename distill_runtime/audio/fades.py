"""Fades at the ends of a sound: it rises from zero, and sinks to it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from distill_runtime.arrays import Float32Array


class Fader:
    """Fades a sound in and out, block by block; between the fades it passes bit for bit.

    A fade follows half a period of a raised cosine, `sin(pi/2 * n/length)^2`: the first sample is
    0 and so is the last, and the slope is 0 at both ends of a fade.

    Args:
        samples: Length of the whole sound.
        fade_in: Length of the fade at its beginning, in samples; 0 for none.
        fade_out: Length of the fade at its end; both together at most `samples`.
    """

    def __init__(self, samples: int, *, fade_in: int, fade_out: int) -> None:
        assert fade_in + fade_out <= samples, "the fades are longer than the sound"
        self._samples, self._fade_in, self._fade_out = samples, fade_in, fade_out
        self._position = 0

    def push(self, block: Float32Array) -> Float32Array:
        """Take the next `[channels, samples]` and return them, faded."""
        begin, end = self._position, self._position + block.shape[1]
        self._position = end
        if begin >= self._fade_in and end <= self._samples - self._fade_out:
            return block
        weights = np.ones(block.shape[1])
        positions = np.arange(begin, end)
        rising = positions < self._fade_in
        weights[rising] = _raised_cosine(positions[rising], self._fade_in)
        left = self._samples - 1 - positions
        sinking = left < self._fade_out
        weights[sinking] = _raised_cosine(left[sinking], self._fade_out)
        return block * weights.astype(np.float32)


def _raised_cosine(positions: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.float64]:
    return np.sin(np.pi / 2 * positions / length) ** 2
