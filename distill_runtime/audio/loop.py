"""Joining a sound's end to its beginning, so that it can be played round and round."""

from __future__ import annotations

import numpy as np

from distill_runtime.arrays import Float32Array, Float64Array

# Below this, sounds would so nearly cancel that what is left must not be amplified to their level.
_LEAST_CORRELATION = -0.5


class LoopJoiner:
    """Cross-fades the end of a loop into what comes before its beginning, block by block.

    What is pushed is a lead, and then the loop. While the loop ends, the lead fades in; so the
    last sample is followed by the first as it was when they were rendered.

    The two are weighted by `cos` and `sin` of an angle from 0 to pi/2, whose squares add up to 1:
    right for sounds that have nothing to do with each other. As far as they are correlated
    their sum would be louder (or softer) than both, by the correlation that is measured over the
    cross-fade, and it is divided by that.

    Args:
        samples: Length of the loop.
        skipped: Samples to leave out before the lead.
        overlap: Length of the lead and of the cross-fade, at most `samples`.
    """

    def __init__(self, samples: int, *, skipped: int, overlap: int) -> None:
        assert 0 <= overlap <= samples, "the cross-fade is longer than the loop"
        self._skipped, self._overlap = skipped, overlap
        self._passing = samples - overlap  # samples still to come that pass as they are
        self._lead: Float32Array | None = None
        self._end: Float32Array | None = None

    def push(self, block: Float32Array) -> Float32Array:
        """Take the next `[channels, samples]`; return what is finished by now.

        After the loop's last sample nothing is.
        """
        block = block[:, self._take_skipped(block.shape[1]) :]
        self._lead, block = _filled(self._lead, block, self._overlap)
        passed, block = block[:, : self._passing], block[:, self._passing :]
        self._passing -= passed.shape[1]
        before = 0 if self._end is None else self._end.shape[1]
        self._end, _ = _filled(self._end, block, self._overlap)
        if before == self._overlap or self._end.shape[1] < self._overlap or self._passing:
            return passed
        return np.concatenate([passed, crossfaded(self._end, self._lead)], axis=1)

    def _take_skipped(self, available: int) -> int:
        taken = min(self._skipped, available)
        self._skipped -= taken
        return taken


def _filled(
    held: Float32Array | None, block: Float32Array, size: int
) -> tuple[Float32Array, Float32Array]:
    """Return what is held, filled up to a size from a block, and the rest of the block."""
    if held is None:
        held = block[:, :0]
    missing = size - held.shape[1]
    if missing:
        held = np.concatenate([held, block[:, :missing]], axis=1)
    return held, block[:, missing:]


def crossfaded(end: Float32Array, lead: Float32Array) -> Float32Array:
    """Return the way from one sound to another, `[channels, samples]`, at an even level."""
    samples = end.shape[1]
    # The angle starts and ends level, too, so the weights have no corner.
    angle = np.pi / 2 * np.sin(np.pi / 2 * (np.arange(samples) + 1) / (samples + 1)) ** 2
    leaving, coming = np.cos(angle), np.sin(angle)
    out, into = end.astype(np.float64), lead.astype(np.float64)
    power_out, power_in, both = _mean(out * out), _mean(into * into), _mean(out * into)
    both = max(both, _LEAST_CORRELATION * np.sqrt(power_out * power_in))
    wanted = leaving**2 * power_out + coming**2 * power_in
    found = wanted + 2.0 * leaving * coming * both
    # Of silence there is nothing to divide.
    gain = np.sqrt(np.divide(wanted, found, out=np.ones(samples), where=found > 0.0))
    joined: Float64Array = gain * (leaving * out + coming * into)
    return joined.astype(np.float32)


def _mean(values: Float64Array) -> float:
    return float(values.mean()) if values.size else 0.0
