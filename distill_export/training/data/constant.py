"""The constant (DC) that a recording stands on, told from sounds that are not over in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from distill_runtime.arrays import Float32Array, Float64Array

# A constant counts if it is more than this share of the RMS, and if the estimates of it differ by
# no more than that share of it.
_RATIO, _CHANGE = 0.02, 0.5
_PART_S, _FEWEST_PARTS = 0.05, 4


class ConstantEstimate:
    """An estimate that grows with every second.

    Each part of 50 ms measures the constant by its mean, and the quieter the part, the better:
    hence the mean of all, weighted by the inverse of their power. The swing of a drum is not a
    constant: the halves of the recording and the plain mean do not agree about it.

    Args:
        rate_hz: Samples a second.
        channels: How many channels there are.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._length = round(_PART_S * rate_hz)
        self._means: list[list[Float64Array]] = [[] for _ in range(channels)]
        self._powers: list[list[Float64Array]] = [[] for _ in range(channels)]

    def add(self, second: Sequence[Float64Array]) -> None:
        """Take a second into account, `[frames]` for each channel; what is left of a part is not.

        Args:
            second: The channels.
        """
        for values, means, powers in zip(second, self._means, self._powers, strict=True):
            parts = values[: len(values) // self._length * self._length].reshape(-1, self._length)
            mean = parts.mean(axis=1)
            means.append(mean)
            powers.append(np.einsum("ij,ij->i", parts, parts) / self._length - mean**2)

    def offsets(self) -> Float32Array:
        """Return what to subtract from each channel, `[channels]`."""
        return np.array(
            [
                _constant(np.concatenate(means), np.concatenate(powers))
                for means, powers in zip(self._means, self._powers, strict=True)
                if means
            ],
            np.float32,
        )


def _constant(means: Float64Array, powers: Float64Array) -> float:
    """Return the constant of a channel, 0 if there is none."""
    count = len(means)
    if count < _FEWEST_PARTS:
        return 0.0
    powers = powers.clip(min=0.0)
    power = float(powers.mean() + means.var())
    weights = 1 / (powers + 1e-6 * power + 1e-20)
    halves = (slice(count // 2), slice(count // 2, count))
    constant = float(np.average(means, weights=weights))
    others = [float(np.average(means[half], weights=weights[half])) for half in halves]
    others.append(float(means.mean()))
    agreeing = max(others) - min(others) < _CHANGE * abs(constant)
    return constant if agreeing and abs(constant) > _RATIO * np.sqrt(power) else 0.0
