"""One or several sounds through a pair of filters each, summed at the two ears, block by block."""

from __future__ import annotations

import numpy as np

from distill_runtime.arrays import Float64Array

# What a filter may remember. Each sample costs its time again for every tap: 512 of them take 8 ms
# for a second of sound on one core, and of a head alone no more is needed.
MAX_TAPS = 2048


class EarFilter:
    """The filters, in constant memory.

    As many samples come out of every call as go in. Every one is a sum of its own over the same
    numbers in the same order, so however the sound is cut, the joined outputs are bit for bit the
    same.

    Args:
        responses: `[sounds, 2, taps]`, of each sound's left and right ear.
    """

    def __init__(self, responses: Float64Array) -> None:
        assert responses.ndim == 3 and responses.shape[1] == 2
        # A correlation with the reversed response is the convolution with it.
        self._kernels = np.ascontiguousarray(responses[:, :, ::-1])
        self._held = np.zeros((responses.shape[0], responses.shape[2] - 1))

    def push(self, block: Float64Array) -> Float64Array:
        """Take the next `[sounds, samples]` and return `[2, samples]`, as many."""
        held = np.concatenate([self._held, block], axis=1)
        # A copy: a view would keep the whole of a large input alive.
        self._held = held[:, block.shape[1] :].copy()
        heard = np.zeros((2, block.shape[1]))
        if not block.shape[1]:
            return heard
        for sound, kernels in zip(held, self._kernels, strict=True):
            heard += [np.correlate(sound, kernel, "valid") for kernel in kernels]
        return heard
