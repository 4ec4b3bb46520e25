"""The latent trajectory: the path through latent space that a duration and a seed stand for.

The rules are Distill's own, and its float32 latents are met within 1e-6. The duration is part of
the path: the same seed at another duration is another path.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from distill_runtime.arrays import Float32Array
from distill_runtime.contract import CHUNK_FRAMES, HOP_FRAMES, HOP_LENGTH, SAMPLE_RATE_HZ
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, number
from distill_runtime.latents.seeds import TorchGenerator
from distill_runtime.latents.shares import check_share

_BLOCK_STEPS = 1024
MAX_DURATION_S = 1e9  # whose samples can still be counted, and more than anybody can keep
_DRAWN_AT_ONCE = 32  # one alone takes nearly as long

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
    return np.concatenate(
        list(crossfade_blocks(seed=seed, duration_s=duration_s, latent_dim=latent_dim))
    )


def crossfade_blocks(
    *, seed: int, duration_s: float, latent_dim: int, block_steps: int = _BLOCK_STEPS
) -> Iterator[Float32Array]:
    """Return the trajectory of `crossfade` in blocks of so many steps, in constant memory."""
    steps, count = steps_for_duration(duration_s), anchors_for_duration(duration_s)
    generator = TorchGenerator(seed)
    generator.check_size(latent_dim)
    anchors = itertools.chain.from_iterable(_draws(generator, count, latent_dim))
    return _walk(anchors, count, steps, block_steps)


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
    return np.concatenate(
        list(evolve_blocks(vector, seed=seed, duration_s=duration_s, evolution=evolution))
    )


def evolve_blocks(
    vector: npt.ArrayLike,
    *,
    seed: int,
    duration_s: float,
    evolution: float,
    block_steps: int = _BLOCK_STEPS,
) -> Iterator[Float32Array]:
    """Return the trajectory of `evolve` in blocks of so many steps, in constant memory."""
    start = check_vector(vector)
    amount = check_evolution(evolution)
    steps = steps_for_duration(duration_s)
    generator = TorchGenerator(seed)
    if steps == 1 or amount == 0.0:
        return (
            np.tile(start, (min(block_steps, steps - done), 1))
            for done in range(0, steps, block_steps)
        )
    generator.check_size(len(start))
    count = max(2, (2 * _num_chunks(duration_s) + 2) // 3)
    drawn = (slerp(start, rows, amount) for rows in _draws(generator, count - 1, len(start)))
    anchors = itertools.chain([start], itertools.chain.from_iterable(drawn))
    return _walk(anchors, count, steps, block_steps)


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
        RequestError: It is not a positive number, over 30 years, or shorter than one sample.
    """
    setting, expected = "duration_s", "expected a number of seconds above 0"
    seconds = number(duration_s)
    if seconds is None:
        raise RequestError(f"duration_s is {brief(duration_s)}, {expected}", setting=setting)
    if not 0.0 < seconds < math.inf:
        raise RequestError(f"duration_s is {seconds:g}, {expected}", setting=setting)
    if seconds > MAX_DURATION_S:
        raise RequestError(
            f"duration_s is {seconds:g}, expected at most {MAX_DURATION_S:g}, some 30 years",
            setting=setting,
        )
    if round(seconds * sample_rate_hz) < 1:
        raise RequestError(
            f"duration_s is {seconds:g}, less than one sample at {sample_rate_hz} Hz: "
            f"expected at least {1.0 / sample_rate_hz:.2g}",
            setting=setting,
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


def _draws(generator: TorchGenerator, count: int, latent_dim: int) -> Iterator[Float32Array]:
    """Draw so many random vectors, a block `[up to _DRAWN_AT_ONCE, latent_dim]` at a time."""
    for done in range(0, count, _DRAWN_AT_ONCE):
        yield generator.randn_rows(min(_DRAWN_AT_ONCE, count - done), latent_dim)


def _walk(
    anchors: Iterator[Float32Array], count: int, steps: int, block_steps: int
) -> Iterator[Float32Array]:
    """Spread steps evenly from the first anchor to the last.

    Args:
        anchors: `[latent_dim]` each, drawn when the walk comes to them.
        count: How many there are, at least two.
        steps: How many; a single one is the first anchor.
        block_steps: Steps in a block.

    Yields:
        `[steps of the block, latent_dim]`.
    """
    if steps == 1:
        yield next(anchors)[np.newaxis]
        return
    held: list[Float32Array] = []
    first = 0  # index of the first anchor that is held
    for begin in range(0, steps, block_steps):
        index = np.arange(begin, min(begin + block_steps, steps))
        position = index / (steps - 1) * (count - 1)
        before = np.minimum(position.astype(np.int64), count - 2)
        held = held[int(before[0]) - first :]
        first = int(before[0])
        held += itertools.islice(anchors, int(before[-1]) + 2 - first - len(held))
        near = np.stack(held)
        yield slerp(near[before - first], near[before - first + 1], position - before)


def _num_chunks(duration_s: float) -> int:
    """Return the whole seconds begun."""
    return math.ceil(check_duration(duration_s, SAMPLE_RATE_HZ))


def check_vector(vector: npt.ArrayLike) -> Float32Array:
    """Return a latent vector as float32."""
    expected = "expected a row of finite numbers"
    try:
        values = np.asarray(vector, dtype=np.float64)
    except (TypeError, ValueError):
        raise RequestError(
            f"latent_vector does not hold numbers, {expected}", setting="latent_vector"
        ) from None
    if values.ndim != 1 or values.size == 0:
        raise RequestError(
            f"latent_vector has shape {list(values.shape)}, {expected}", setting="latent_vector"
        )
    # NaN compares as false, too.
    if not np.all(np.abs(values) <= np.finfo(np.float32).max):
        raise RequestError(
            f"latent_vector holds NaN or a number beyond float32, {expected}",
            setting="latent_vector",
        )
    return values.astype(np.float32)


def check_evolution(evolution: object) -> float:
    """Return the amount of evolution as a plain float."""
    return check_share("evolution", evolution)
