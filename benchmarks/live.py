"""`python -m benchmarks.live ARTIFACT...`: how soon hands are heard, at what cost, and how cleanly.

The block of 128 samples is that of an audio callback; here a thread asks for one whenever it is
due. What it is asked at is noted, so that an answer is timed to the block that holds its first
changed sample.
"""

from __future__ import annotations

import argparse
import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfiltfilt

from benchmarks.figures import Figure, table
from distill_runtime import Artifact, LiveStream, Reproduction
from distill_runtime.generation.live.performance import Performance

BLOCK = 128
RATE = 48_000
GOALS_MS = {"learned": 40.0, "refined": 100.0}
_HIGH = butter(8, 12_000, "high", fs=RATE, output="sos")
_NEAR_SAMPLES = 240  # 5 ms

Hands = Callable[[int], list[float]]  # the number of a move -> positions


class Device(threading.Thread):
    """Reads blocks when they are due, and notes when."""

    def __init__(self, live: LiveStream) -> None:
        super().__init__()
        self._live = live
        self._stopped = threading.Event()
        self.times: list[float] = []
        self.late = 0

    def run(self) -> None:
        """Read until it is stopped."""
        begin = time.perf_counter()
        while not self._stopped.is_set():
            due = begin + len(self.times) * BLOCK / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            self.times.append(time.perf_counter())
            self._live.read(BLOCK)
            self.late += time.perf_counter() - due > BLOCK / RATE

    def stop(self) -> None:
        """Let it end."""
        self._stopped.set()
        self.join()


def random_hands(live: LiveStream, seed: int = 1) -> Hands:
    """Return hands that throw every slider anywhere within its safe range."""
    generator = np.random.default_rng(seed)
    sliders = live.artifact.sliders
    low = [slider.safe_min_step for slider in sliders]
    high = [slider.safe_max_step for slider in sliders]
    return lambda _: [round(value, 1) for value in generator.uniform(low, high).tolist()]


def sweeping_hands(live: LiveStream, moves: int) -> Hands:
    """Return hands that sweep the first slider from end to end and back in so many moves."""
    slider = live.artifact.sliders[0]
    centre = (slider.safe_min_step + slider.safe_max_step) / 2
    reach = (slider.safe_max_step - slider.safe_min_step) / 2
    rest = [0.0] * (len(live.artifact.sliders) - 1)
    return lambda i: [round(centre + reach * math.sin(2 * math.pi * i / moves), 3), *rest]


def measure_playing(artifact: Artifact, *, seconds: float, moves_per_s: float) -> list[Figure]:
    """Play in real time under restless hands."""
    group = f"{_named(artifact)}: {moves_per_s:g} moves a second, {seconds:g} s"
    with LiveStream(artifact, seed=1, drift=0.3) as live:
        hands, device = random_hands(live), Device(live)
        cpu, began = time.process_time(), time.perf_counter()
        device.start()
        for move in range(round(seconds * moves_per_s)):
            time.sleep(max(0.0, began + move / moves_per_s - time.perf_counter()))
            live.set_sliders(hands(move))
        device.stop()
        share = (time.process_time() - cpu) / (time.perf_counter() - began)
    return [
        Figure(group, "underruns", live.underruns, "", goal=0),
        Figure(group, "blocks read late, by the machine", device.late, ""),
        Figure(group, "share of one core", share, ""),
    ]


def measure_answers(artifact: Artifact, *, moves: int) -> list[Figure]:
    """Time moves, one at a time, to the block that holds the first changed sample."""
    group = f"{_named(artifact)}: from a move to the changed sample, {moves} moves"
    pauses = np.random.default_rng(2).uniform(0.1, 0.14, moves)  # long enough for each to be one
    asked = []
    with LiveStream(artifact, seed=1, drift=0.3, keep_s=0.15 * moves + 10) as live:
        hands, device = random_hands(live), Device(live)
        device.start()
        for move, pause in enumerate(pauses):
            time.sleep(float(pause))
            asked.append(time.perf_counter())
            live.set_sliders(hands(move))
        time.sleep(0.2)
        device.stop()
        performance = live.record().recipe.performance
    assert performance is not None and len(performance.moves) == moves, "moves were merged"
    blocks = [(move.at - artifact.latency_samples) // BLOCK for move in performance.moves]
    heard = [1000 * (device.times[i] - at) for i, at in zip(blocks, asked, strict=True)]
    goal = GOALS_MS[artifact.metadata.reconstruction] + 1000 * BLOCK / RATE
    return [
        Figure(group, "median", float(np.median(heard)), "ms"),
        Figure(group, "worst", max(heard), "ms", goal=goal),
    ]


def measure_clicks(artifact: Artifact, *, seconds: float) -> list[Figure]:
    """Compare what is above 12 kHz within 5 ms of the seams with elsewhere."""
    group = f"{_named(artifact)}: above 12 kHz near the seams, {seconds:g} s"
    figures = []
    for name, moves, samples in (("fast", 25, 960), ("slow", 500, 2400), ("random", 0, 4800)):
        live = LiveStream(artifact, seed=1, drift=0.3, realtime=False, keep_s=seconds + 10)
        hands = sweeping_hands(live, moves) if moves else random_hands(live)
        blocks = []
        for move in range(round(seconds * RATE / samples)):
            live.set_sliders(hands(move))
            blocks.append(live.read(samples))
        heard = np.concatenate(blocks)
        performance = live.record().recipe.performance
        assert performance is not None
        figures.append(Figure(group, name, _excess_db(heard, performance), "dB", goal=1.0))
        again = Reproduction.of(live.record().recipe, [artifact.path]).generate().audio[0]
        same = np.array_equal(again, heard[-len(again) :])
        figures.append(Figure(group, f"{name}, played again: samples that differ", 1 - same, ""))
    return figures


def _excess_db(heard: np.ndarray, performance: Performance) -> float:
    energy = sosfiltfilt(_HIGH, heard) ** 2
    near = np.zeros(len(heard), bool)
    first = performance.begin
    for move in performance.moves:
        for seam in (move.at - first, move.at + move.fade - first):
            near[max(0, seam - _NEAR_SAMPLES) : seam + _NEAR_SAMPLES] = True
    return float(10 * np.log10(energy[near].mean() / energy[~near].mean()))


def _named(artifact: Artifact) -> str:
    return f"{artifact.metadata.reconstruction} {artifact.metadata.precision}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("artifacts", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--moves", type=int, default=1000)
    options = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores")
    for path in options.artifacts:
        artifact = Artifact.load(path)
        print(table(measure_playing(artifact, seconds=options.seconds, moves_per_s=50.0)))
        print(table(measure_answers(artifact, moves=options.moves)))
        print(table(measure_clicks(artifact, seconds=options.seconds)), flush=True)


if __name__ == "__main__":
    main()
