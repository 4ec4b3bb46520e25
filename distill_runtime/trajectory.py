"""The latent trajectory: the path through latent space that a duration and a seed stand for.

The rules are Distill's own, and its float32 latents are met within 1e-6. The duration is part of
the path: the same seed at another duration is another path.
"""

from __future__ import annotations

import math
import numbers

import numpy as np
import numpy.typing as npt

from distill_runtime.errors import RequestError
from distill_runtime.seeds import Float32Array, TorchGenerator

# The grid on which Distill counts steps, whatever rate the finished sound has: 94 frames a chunk,
# a chunk every 47 frames, a frame every 512 samples at 48 kHz.
SAMPLE_RATE_HZ = 48_000
HOP_LENGTH = 512
CHUNK_FRAMES = 94
HOP_FRAMES = 47

# Above this cosine the angle is too small to divide by its sine.
_PARALLEL_COSINE = 0.9995


def crossfade(*, seed: int, duration_s: float, latent_dim: int) -> Float32Array:
    """Wander between random anchors, one for each second begun.

    Distill calls this both "crossfade" and "latent_interpolation".

    Args:
        seed: An integer, 0..2^32-1.
        duration_s: How long the sound is to be, in seconds.
        latent_dim: Size of a latent vector, at least 16.

    Returns:
        `[steps, latent_dim]`.

    Raises:
        RequestError: A value is out of bounds.
    """
    steps = steps_for_duration(duration_s)
    generator = TorchGenerator(seed)
    anchors = [generator.randn(latent_dim) for _ in range(anchors_for_duration(duration_s))]
    return _walk(np.stack(anchors), steps)


def evolve(
    vector: npt.ArrayLike, *, seed: int, duration_s: float, evolution: float
) -> Float32Array:
    """Start from a latent vector (of sliders, of a preset) and drift from it.

    Each further anchor lies on the way from the vector to a random one, `evolution` of that way.

    Args:
        vector: `[latent_dim]`.
        seed: An integer, 0..2^32-1.
        duration_s: How long the sound is to be, in seconds.
        evolution: 0 (static: every step is the vector) to 1.

    Returns:
        `[steps, latent_dim]`.

    Raises:
        RequestError: A value is out of bounds, or the vector is not a row of finite numbers.
    """
    start = _check_vector(vector)
    amount = _check_evolution(evolution)
    steps = steps_for_duration(duration_s)
    generator = TorchGenerator(seed)
    if steps == 1 or amount == 0.0:
        return np.tile(start, (steps, 1))
    count = max(2, (2 * _num_chunks(duration_s) + 2) // 3)
    anchors = [start]
    anchors += [slerp(start, generator.randn(len(start)), amount) for _ in range(count - 1)]
    return _walk(np.stack(anchors), steps)


def steps_for_duration(duration_s: float) -> int:
    """Return how many latent vectors cover a duration, counted in whole seconds begun.

    Raises:
        RequestError: It is not a duration.
    """
    frames = _num_chunks(duration_s) * SAMPLE_RATE_HZ // HOP_LENGTH + 1
    # Minus the floor of the negated is the ceiling, exact for integers of any size.
    return max(1, -((CHUNK_FRAMES - frames) // HOP_FRAMES) + 1)


def anchors_for_duration(duration_s: float) -> int:
    """Return how many random anchors a crossfade draws for a duration.

    Raises:
        RequestError: It is not a duration.
    """
    return max(2, _num_chunks(duration_s))


def check_duration(duration_s: object, sample_rate_hz: int) -> float:
    """Return the duration as a plain float.

    Raises:
        RequestError: It is not a finite positive number, or shorter than one sample.
    """
    expected = "expected a number of seconds above 0"
    seconds = _number(duration_s)
    if seconds is None:
        raise RequestError(f"the duration is {duration_s!r}, {expected}")
    if not math.isfinite(seconds * sample_rate_hz) or seconds <= 0.0:
        raise RequestError(f"the duration is {seconds:g} s, {expected}")
    if round(seconds * sample_rate_hz) < 1:
        raise RequestError(
            f"the duration is {seconds:g} s, less than one sample at {sample_rate_hz} Hz: "
            f"expected at least {1.0 / sample_rate_hz:.2g} s"
        )
    return seconds


def slerp(a: Float32Array, b: Float32Array, t: float | npt.NDArray[np.float64]) -> Float32Array:
    """Interpolate along the arc between vectors (Shoemake, 1985).

    The angle is taken between the directions, the weights act on the vectors themselves, so the
    length goes from one's to the other's. Vectors that are nearly parallel, or opposite, or of
    which one is zero, are joined by a straight line.

    Args:
        a: `[..., latent_dim]`, where t is 0.
        b: `[..., latent_dim]`, where t is 1.
        t: 0..1, a number or `[...]`.

    Returns:
        `[..., latent_dim]`.
    """
    start, end = a.astype(np.float64), b.astype(np.float64)
    lengths = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    with_angle = lengths > 0.0
    cosine = np.where(with_angle, (start * end).sum(axis=-1) / np.where(with_angle, lengths, 1), 1)
    straight = np.abs(cosine) > _PARALLEL_COSINE

    angle = np.arccos(np.where(straight, 0.0, cosine))
    from_start = np.where(straight, 1.0 - t, np.sin((1.0 - t) * angle) / np.sin(angle))
    from_end = np.where(straight, t, np.sin(t * angle) / np.sin(angle))
    # Float32 from here on, as in Distill. The weights come from float64 so that the order in which
    # a machine adds up a dot product cannot show.
    return (
        from_start.astype(np.float32)[..., np.newaxis] * a
        + from_end.astype(np.float32)[..., np.newaxis] * b
    )


def _walk(anchors: Float32Array, steps: int) -> Float32Array:
    """Spread steps evenly from the first anchor to the last.

    Args:
        anchors: `[anchors, latent_dim]`, at least two.
        steps: How many; a single one is the first anchor.

    Returns:
        `[steps, latent_dim]`.
    """
    if steps == 1:
        return anchors[:1]
    position = np.arange(steps) / (steps - 1) * (len(anchors) - 1)
    before = np.minimum(position.astype(np.int64), len(anchors) - 2)
    return slerp(anchors[before], anchors[before + 1], position - before)


def _num_chunks(duration_s: float) -> int:
    """Return the whole seconds begun."""
    return math.ceil(check_duration(duration_s, SAMPLE_RATE_HZ))


def _check_vector(vector: npt.ArrayLike) -> Float32Array:
    """Return a latent vector as float32."""
    expected = "expected a row of finite numbers"
    try:
        values = np.asarray(vector, dtype=np.float64)
    except (TypeError, ValueError):
        raise RequestError(f"the latent vector does not hold numbers, {expected}") from None
    if values.ndim != 1 or values.size == 0:
        raise RequestError(f"the latent vector has shape {list(values.shape)}, {expected}")
    # NaN compares as false, too.
    if not np.all(np.abs(values) <= np.finfo(np.float32).max):
        raise RequestError(f"the latent vector holds NaN or a number beyond float32, {expected}")
    return values.astype(np.float32)


def _check_evolution(evolution: object) -> float:
    """Return the amount of evolution as a plain float."""
    amount = _number(evolution)
    if amount is None or not 0.0 <= amount <= 1.0:
        raise RequestError(f"the evolution is {evolution!r}, expected a number from 0 to 1")
    return amount


def _number(value: object) -> float | None:
    """Return a real number as a plain float (too large: infinity), None for anything else."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf
