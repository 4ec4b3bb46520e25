"""Synthesised signals with what a reconstruction finds hard: tones, glides, onsets, noise."""

from __future__ import annotations

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.contract import SAMPLE_RATE_HZ


def synthesised(duration_s: float = 4.0) -> dict[str, Float32Array]:
    """Return signals of this length by name, peaks at 0.5 or less."""
    t = np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    random = np.random.default_rng(1)
    noise = random.standard_normal(len(t))
    sines = lambda *hz: sum(np.sin(2 * np.pi * f * t + f) for f in hz)  # noqa: E731
    quarter = np.mod(t, 0.25)
    impulses = np.zeros(len(t))
    impulses[np.cumsum(random.integers(7_000, 17_000, len(t) // 17_000))] = 1.0
    signals = {
        "tone": sines(440),
        "chord": sines(220, 277.18, 329.63, 440, 554.37),
        "bells": sines(523.25, 1318.5, 2637, 4186) * np.exp(-6 * quarter),
        "chirp": np.sin(2 * np.pi * 80 * 1.5 / np.log(60) * 60 ** (t / t[-1] * 1.0)),
        "vibrato": np.sin(2 * np.pi * 600 * t + 12 * np.sin(2 * np.pi * 5 * t)),
        "impulses": impulses,
        "noise bursts": noise * np.exp(-40 * quarter),
        "noise": noise,
        "tone in noise": sines(880) + 0.05 * noise,
    }
    return {name: (0.5 * x / np.abs(x).max()).astype(np.float32) for name, x in signals.items()}
