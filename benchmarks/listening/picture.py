"""Mel spectrograms of recordings and of generated sounds, one set below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.listening.levels import level_db
from benchmarks.listening.sounds import Sound
from benchmarks.listening.spectra import FRAME_RATE_HZ
from distill_export.reference.log_mel import FLOOR
from distill_runtime.arrays import Float64Array
from distill_runtime.files.output_file import replacing

SOUNDS = 4
LONGEST_S = 4.0
_GAP_FRAMES = 6
_LOW_DB, _HIGH_DB = -20.0, 45.0


def strip(sounds: Sequence[Sound]) -> Float64Array:
    """Return the levels of the beginnings of a few sounds, a gap of NaN between them.

    Of the recordings the longest are shown, in their order.

    Returns:
        `[bands, frames]` in dB.
    """
    longest = sorted(range(len(sounds)), key=lambda i: -len(sounds[i].whole))[:SOUNDS]
    frames = round(LONGEST_S * FRAME_RATE_HZ)
    parts = []
    for index in sorted(longest):
        level = level_db(sounds[index].whole_mel[:, :frames], FLOOR).numpy()
        room = np.full((len(level), frames + _GAP_FRAMES), np.nan)
        room[:, : level.shape[1]] = level
        parts.append(room)
    return np.concatenate(parts, axis=1)[:, :-_GAP_FRAMES]


def draw(path: Path, sets: Mapping[str, Sequence[Sound]]) -> None:
    """Draw a strip for each set of sounds to a PNG file, and replace one that is there.

    Raises:
        OutputError: The file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(10, 0.6 + 1.6 * len(sets)), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(len(sets), sharex=True, squeeze=False)[:, 0]
    for axes, (name, sounds) in zip(rows, sets.items(), strict=True):
        levels = strip(sounds)
        extent = (0, levels.shape[1] / FRAME_RATE_HZ, 0, len(levels))
        image = axes.imshow(
            levels,
            origin="lower",
            aspect="auto",
            extent=extent,
            cmap="magma",
            vmin=_LOW_DB,
            vmax=_HIGH_DB,
            interpolation="nearest",
        )
        axes.set_ylabel(f"{name}\nmel band")
    rows[-1].set_xlabel(f"seconds; the first {LONGEST_S:g} of each of {SOUNDS} sounds")
    figure.colorbar(image, ax=list(rows), label="dB of mel power", pad=0.01)
    with replacing(path, overwrite=True) as temporary:
        figure.savefig(temporary, format="png")
