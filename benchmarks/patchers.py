"""`python -m benchmarks.patchers FILE.ts`: an artifact for nn~ in blocks: equality and CPU time."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

# Before torch is there: threads that wait busily would be counted, and there is one anyway.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

from benchmarks.figures import Figure, table
from distill_export.formats.nn_tilde.player import NnTildePlayer
from distill_runtime.arrays import Float32Array
from distill_runtime.audio.snr import MAX_SNR_DB, snr_db
from distill_runtime.contract import HOP_LENGTH, SAMPLE_RATE_HZ

BLOCKS = (512, 2048, 8192)


def measure_blocks(path: Path, *, seconds: float) -> list[Figure]:
    """Play a drift and some moves in blocks of several sizes, on one core."""
    torch.set_num_threads(1)
    figures: list[Figure] = []
    sounds: list[Float32Array] = []
    for block in BLOCKS:
        player = NnTildePlayer(path)
        player.set("seed", 7)
        signals = _signals(player, seconds)
        started = time.process_time()
        sounds.append(player.play("play", signals, [block]))
        share = (time.process_time() - started) / seconds
        group = f"{path.stem}, blocks of {block}"
        figures.append(Figure(group, "CPU, with moves and the start", 100 * share, "% of a core"))
        against = snr_db(sounds[0], sounds[-1])
        name = "equal to blocks of 512" if against == MAX_SNR_DB else "against blocks of 512"
        figures.append(Figure(group, name, against, "dB"))
        figures += _resting(player, signals, block, group, seconds)
    return figures


def _signals(player: NnTildePlayer, seconds: float) -> Float32Array:
    """Return a drift, and a lever that moves once a second, for whole blocks of any size."""
    windows = int(seconds * SAMPLE_RATE_HZ / HOP_LENGTH) // 16 * 16
    inlets = player.module.play_params[0].item()
    signals = np.zeros((1, inlets, windows), np.float32)
    signals[:, -1] = 1.0
    signals[:, 0] = np.random.default_rng(0).uniform(-3, 3, windows // 94 + 1).repeat(94)[:windows]
    return signals


def _resting(
    player: NnTildePlayer, signals: Float32Array, block: int, group: str, seconds: float
) -> list[Figure]:
    """Measure where nothing but the drift moves, and the longest block."""
    still = np.repeat(signals[..., -1:], block // HOP_LENGTH, axis=2)
    times = []
    for _ in range(int(seconds / 3 * SAMPLE_RATE_HZ / block)):
        started = time.process_time()
        player.play("play", still)
        times.append(time.process_time() - started)
    share = sum(times) / (len(times) * block / SAMPLE_RATE_HZ)
    longest = sorted(times)[-3]
    return [
        Figure(group, "CPU, drift alone", 100 * share, "% of a core"),
        Figure(group, "the block that renders a step", 1000 * longest, "ms"),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.patchers", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.ts")
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    for path in arguments.files:
        print(table(measure_blocks(path, seconds=arguments.seconds)))


if __name__ == "__main__":
    main()
