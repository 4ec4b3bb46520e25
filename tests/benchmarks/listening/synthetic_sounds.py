"""Sounds whose figures are known: tones, noises, clicks."""

from __future__ import annotations

import numpy as np

from benchmarks.listening.sounds import SECOND, Sound


def times(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * SECOND)) / SECOND


def noise(seed: int, seconds: float = 2.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(round(seconds * SECOND)).astype(np.float32)


def pad(seed: int, seconds: float = 2.0) -> np.ndarray:
    """A chord of slow beats."""
    random = np.random.default_rng(seed)
    t = times(seconds)
    partials = [
        np.sin(2 * np.pi * hz * t + random.uniform(0, 6)) for hz in random.uniform(200, 8000, 12)
    ]
    return np.sum(partials, axis=0).astype(np.float32)


def clicks(seed: int, seconds: float = 2.0) -> np.ndarray:
    """A burst of noise of 30 ms every quarter of a second."""
    decay = np.exp(-np.mod(times(seconds) - 0.1, 0.25) / 0.005)
    return noise(seed, seconds) * decay.astype(np.float32)


def modulated(rate_hz: float, depth: float, seconds: float = 4.0) -> np.ndarray:
    t = times(seconds)
    tone = np.sin(2 * np.pi * 3000 * t)
    return (tone * (1 + depth * np.sin(2 * np.pi * rate_hz * t))).astype(np.float32)


def sounds(kind, count: int, *, first: int = 0) -> list[Sound]:
    return [Sound.of(f"{kind.__name__} {i}", kind(i)) for i in range(first, first + count)]
