"""A walk through latent space that comes back to where it began, for a sound that is a loop.

Played round and round, every step is followed by its neighbour: the last by the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.latents.trajectory import slerp


def closed_walk(
    before: Iterable[Float32Array], blocks: Iterable[Float32Array], *, period: int, lead: int
) -> Iterator[Float32Array]:
    """Yield one round of a walk, with the end of the round before it and the next round's step.

    A walk with more steps than a round has is cut short. One with fewer is followed by steps on
    the arc from its last vector back to its first.

    Args:
        before: The walk in blocks `[steps, latent_dim]`, once: to learn how it ends.
        blocks: The same walk once more.
        period: Steps of a round, at least 1.
        lead: Steps to yield of the end of the round before, at least 1.

    Yields:
        `[steps, latent_dim]`, `lead + period + 1` steps in all.
    """
    first, end, length = _outline(before, min(period, lead), period)
    missing = period - length
    bridge = _bridge(end[-1], first, missing)
    end = np.concatenate([end, bridge])[-period:]
    rounds = -(-lead // len(end))  # of a short walk there are several before the first
    yield np.tile(end, (rounds, 1))[-lead:]
    for block in blocks:
        if not length:
            break
        yield block[:length]
        length -= min(length, len(block))
    if missing:
        yield bridge
    yield first


def _outline(
    blocks: Iterable[Float32Array], kept: int, period: int
) -> tuple[Float32Array, Float32Array, int]:
    """Return a walk's first step, its last ones, `[1 and kept or fewer, latent_dim]`, its length.

    Of its first `period` steps; the walk is read no further.
    """
    first: Float32Array | None = None
    end: Float32Array | None = None
    length = 0
    for block in blocks:
        taken = block[: period - length]
        length += len(taken)
        first = taken[:1] if first is None else first
        end = taken if end is None else np.concatenate([end[-kept:], taken])
        if length == period:
            break
    assert first is not None, "a walk has a step"
    assert end is not None, "a walk has a step"
    return first, end[-kept:], length


def _bridge(last: Float32Array, first: Float32Array, steps: int) -> Float32Array:
    """Return steps between the last vector and the first, `[steps, latent_dim]`."""
    positions = np.arange(1, steps + 1) / (steps + 1)
    count = (steps, 1)
    return slerp(np.tile(last, count), np.tile(first, count), positions)
