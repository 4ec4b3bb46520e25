"""A picture of a sound: waveform and spectrogram (needs matplotlib, the extra `plot`)."""

from __future__ import annotations

import itertools
import math
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from distill_runtime.errors import DependencyError
from distill_runtime.files.output_file import replacing
from distill_runtime.generation.result import GenerationResult

_N_FFT = 4096
_COLUMNS = 1200  # of the picture, at most
_FLOOR_DB = -100.0
_LOWEST_HZ = 20.0
_ROWS = 480  # of the spectrogram
_TICKS_HZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


def require_matplotlib() -> None:
    """Check that matplotlib is there, without importing it.

    Raises:
        DependencyError: It is not.
    """
    if find_spec("matplotlib") is None:
        raise DependencyError.missing("matplotlib", needed_by="--plot")


def plot_sound(
    result: GenerationResult, path: Path, *, title: str, overwrite: bool = False
) -> None:
    """Draw a sound to a PNG file, in constant memory.

    Args:
        result: What to draw; channels are averaged for the spectrogram.
        path: Where to write.
        title: What to put above it.
        overwrite: Whether to replace a file that is there.

    Raises:
        DependencyError: matplotlib is not installed.
        OutputExistsError: The file is there and `overwrite` is false.
        OutputError: The file could not be written.
    """
    require_matplotlib()
    # Not pyplot, which would want a display and keep the figure alive.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    low, high, levels = _overview(result)
    seconds = result.duration_s
    figure = Figure(figsize=(12, 6.5), layout="constrained")
    FigureCanvasAgg(figure)
    wave, spectrum = figure.subplots(2, 1, sharex=True, height_ratios=[1, 2.2])
    times = (np.arange(low.shape[1]) + 0.5) / low.shape[1] * seconds
    for channel in range(low.shape[0]):
        wave.fill_between(times, low[channel], high[channel], step="mid", alpha=0.75, linewidth=0)
    wave.set(title=title, ylabel="amplitude", ylim=(-1, 1), xlim=(0, seconds))
    wave.grid(alpha=0.3)
    highest_hz = result.sample_rate_hz / 2
    image = spectrum.pcolormesh(
        np.linspace(0, seconds, levels.shape[1] + 1),
        np.geomspace(_LOWEST_HZ, highest_hz, _ROWS + 1),
        _on_logarithmic_rows(levels, highest_hz),
        cmap="magma",
        vmin=_FLOOR_DB,
        vmax=0,
        rasterized=True,
    )
    spectrum.set(xlabel="seconds", ylabel="Hz", yscale="log", ylim=(_LOWEST_HZ, highest_hz))
    spectrum.set_yticks(_TICKS_HZ, [f"{hz:,}" for hz in _TICKS_HZ])
    spectrum.minorticks_off()
    figure.colorbar(image, ax=spectrum, label="dB below full scale", pad=0.01)
    with replacing(path, overwrite=overwrite) as temporary:
        figure.savefig(temporary, format="png", dpi=100)


def _on_logarithmic_rows(
    levels: npt.NDArray[np.float64], highest_hz: float
) -> npt.NDArray[np.float64]:
    """Return a spectrum's levels at frequencies that rise by equal factors, `[rows, columns]`.

    A row shows the loudest of the bins that it covers, and between two bins what lies between.
    """
    edges = np.geomspace(_LOWEST_HZ, highest_hz, _ROWS + 1) / highest_hz * (len(levels) - 1)
    rows = np.empty((_ROWS, levels.shape[1]))
    for row, (low, high) in enumerate(itertools.pairwise(edges)):
        first, last = math.ceil(low), math.floor(high)
        if first <= last:
            rows[row] = levels[first : last + 1].max(axis=0)
        else:
            below = int(low)
            between = (low + high) / 2 - below
            rows[row] = (1 - between) * levels[below] + between * levels[below + 1]
    return rows


def _overview(
    result: GenerationResult,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """Return lowest and highest sample, `[channels, columns]`, and the spectrum in each column.

    The spectrum is one windowed transform from the column's middle, `[bins, columns]` in dB; a full
    scale sine is at 0 dB.
    """
    columns = max(1, min(_COLUMNS, result.samples // 256))
    edges = np.linspace(0, result.samples, columns + 1).astype(np.int64)
    low = np.zeros((result.channels, columns), np.float32)
    high = np.zeros_like(low)
    frames = np.zeros((columns, _N_FFT))
    starts = (edges[:-1] + edges[1:]) // 2 - _N_FFT // 2
    position = 0
    for block in result.blocks():
        end = position + block.shape[1]
        mono = block.mean(axis=0)
        first = max(0, int(np.searchsorted(edges, position, "right")) - 1)
        last = int(np.searchsorted(edges, end, "left"))
        for index in range(first, min(last, columns)):
            part = block[:, max(0, edges[index] - position) : max(0, edges[index + 1] - position)]
            if part.size:
                np.minimum(low[:, index], part.min(axis=1), out=low[:, index])
                np.maximum(high[:, index], part.max(axis=1), out=high[:, index])
        for column in np.flatnonzero((starts < end) & (starts + _N_FFT > position)):
            start = int(starts[column])
            begin, stop = max(start, position), min(start + _N_FFT, end)
            frames[column, begin - start : stop - start] = mono[begin - position : stop - position]
        position = end
    window = np.hanning(_N_FFT)
    magnitude = np.abs(np.fft.rfft(frames * window, axis=1)) / (window.sum() / 2)
    levels = 20.0 * np.log10(np.maximum(magnitude, 10.0 ** (_FLOOR_DB / 20.0)))
    return low, high, levels.T
