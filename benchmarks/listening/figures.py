"""All figures of a set of sounds: its own, and those against the recordings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.listening.levels import (
    BAND_GROUPS,
    PERCENTILES,
    cells_db,
    mean_difference_db,
    percentiles_db,
    quiet_db,
    spread_db,
)
from benchmarks.listening.movement import modulation_db, modulation_distance_db, sharpest_onsets
from benchmarks.listening.neighbours import nearest_db
from benchmarks.listening.sounds import Sound, halves
from benchmarks.listening.spectra import (
    FRAME_RATE_HZ,
    PATTERN_RATES_HZ,
    envelope_line_db,
    flatness,
    roughness_db,
)
from benchmarks.listening.two_sample import two_sample_auc

_SPLITS = 3

Figures = dict[str, float]


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        name: What stands at its beginning.
        unit: Of its figures.
        keys: The figures that it shows.
        shape: How each is written.
    """

    name: str
    unit: str
    keys: tuple[str, ...]
    shape: str = ".1f"


def _row(name: str, unit: str, shape: str = ".1f") -> Row:
    return Row(name, unit, (name,), shape)


FLATNESS = _row("spectral flatness", "", ".1e")
FLATNESS_MEDIAN = _row("spectral flatness, median frame", "", ".1e")
QUIET = _row("quiet cells under the peak", "dB")
LINE = _row("line at 93.75 Hz in the envelope", "dB")
PATTERNS = tuple(_row(f"line at {hz:.1f} Hz in the envelope", "dB") for hz in PATTERN_RATES_HZ)
ROUGHNESS = _row("roughness, 30 to 80 Hz", "dB")
DIFFERENCE = _row("mean log-mel difference", "dB")
HIGH = _row("mean log-mel, 4 to 12 kHz", "dB", "+.1f")
SPREAD = _row("spread of a band over time", "dB")
LEVELS = tuple(
    Row(
        f"levels of bands {first} to {last - 1}",
        "dB",
        tuple(f"{first}-{last - 1} p{percentile}" for percentile in PERCENTILES),
        ".0f",
    )
    for first, last in BAND_GROUPS
)
ONSET = _row("sharpest onset of a second", "dB")
BEFORE = _row("rise before an onset", "dB", "+.1f")
MODULATION = _row("modulation spectrum difference", "dB")
NEAREST = _row("to the nearest recorded second", "dB")
NEAREST_5 = _row("to the nearest, 5th percentile", "dB")
REVERSE = _row("from a recorded second to the nearest", "dB")
REVERSE_95 = _row("from a recorded, 95th percentile", "dB")
AUC = _row("told from the recordings", "AUC", ".2f")

ROWS = (
    *(FLATNESS, FLATNESS_MEDIAN, QUIET, LINE, *PATTERNS, ROUGHNESS),
    *(DIFFERENCE, HIGH, SPREAD, *LEVELS),
    *(ONSET, BEFORE, MODULATION, NEAREST, NEAREST_5, REVERSE, REVERSE_95, AUC),
)


def describe(sounds: Sequence[Sound]) -> Figures:
    """Return what can be said of sounds by themselves.

    Flatness, quiet cells, lines, roughness and onsets are medians over the sounds; spread and
    levels are of all their seconds together.
    """
    flat = [flatness(sound.whole) for sound in sounds]
    onsets = [sharpest_onsets(sound.whole) for sound in sounds]
    cells = cells_db(sounds)
    return {
        FLATNESS.name: _median(mean for mean, _ in flat),
        FLATNESS_MEDIAN.name: _median(median for _, median in flat),
        QUIET.name: _median(map(quiet_db, sounds)),
        LINE.name: _median(envelope_line_db(sound.whole, FRAME_RATE_HZ) for sound in sounds),
        **{
            row.name: _median(envelope_line_db(sound.whole, rate_hz) for sound in sounds)
            for row, rate_hz in zip(PATTERNS, PATTERN_RATES_HZ, strict=True)
        },
        ROUGHNESS.name: _median(roughness_db(sound.whole) for sound in sounds),
        SPREAD.name: spread_db(cells),
        **percentiles_db(cells),
        ONSET.name: _median(_median(rise for rise, _ in found) for found in onsets),
        BEFORE.name: _median(ahead for found in onsets for _, ahead in found),
    }


def compare(found: Sequence[Sound], recordings: Sequence[Sound]) -> Figures:
    """Return how far sounds are from recordings, none of which is among them."""
    difference, high = mean_difference_db(cells_db(found), cells_db(recordings))
    there = nearest_db(found, recordings).numpy()
    back = nearest_db(recordings, found).numpy()
    return {
        DIFFERENCE.name: difference,
        HIGH.name: high,
        MODULATION.name: modulation_distance_db(modulation_db(found), modulation_db(recordings)),
        NEAREST.name: float(np.median(there)),
        NEAREST_5.name: float(np.percentile(there, 5)),
        REVERSE.name: float(np.median(back)),
        REVERSE_95.name: float(np.percentile(back, 95)),
        AUC.name: two_sample_auc(recordings, found),
    }


def of_recordings(recordings: Sequence[Sound]) -> Figures:
    """Return the figures of the recordings themselves; their neighbours are in other files."""
    own = describe(recordings)
    if len(recordings) < 2:
        return own
    near = nearest_db(recordings, recordings).numpy()
    return {
        **own,
        NEAREST.name: float(np.median(near)),
        NEAREST_5.name: float(np.percentile(near, 5)),
        REVERSE.name: float(np.median(near)),
        REVERSE_95.name: float(np.percentile(near, 95)),
    }


def of_generated(found: Sequence[Sound], recordings: Sequence[Sound]) -> Figures:
    """Return all figures of sounds that are compared with recordings."""
    return {**describe(found), **compare(found, recordings)}


def ceiling(recordings: Sequence[Sound]) -> Figures:
    """Return the figures of recordings against other recordings of the same folder.

    Whole files are split into halves of about the same length, three times; each half is compared
    with the other, and all six are averaged. A half has fewer neighbours to offer than the whole.
    """
    found: list[Figures] = []
    for seed in range(_SPLITS):
        one, other = halves(recordings, seed=seed)
        if one and other:
            found += [of_generated(one, other), of_generated(other, one)]
    names = found[0] if found else ()
    return {name: _mean([figures[name] for figures in found]) for name in names}


def shown(row: Row, figures: Figures) -> str:
    """Return a cell of the table; a dash where there is nothing."""
    values = [figures.get(key, math.nan) for key in row.keys]
    return ", ".join("-" if math.isnan(value) else format(value, row.shape) for value in values)


def table(columns: dict[str, Figures]) -> str:
    """Return the columns as a table in Markdown, whose cells are aligned."""
    lines = [["", "unit", *columns]]
    for row in ROWS:
        cells = [shown(row, figures) for figures in columns.values()]
        lines.append([row.name, row.unit, *("-" if set(c) <= set("-, ") else c for c in cells)])
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| "
        + " | ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )


def _median(values: Iterable[float]) -> float:
    numbers = [value for value in values if not math.isnan(value)]
    return float(np.median(numbers)) if numbers else math.nan


def _mean(values: Sequence[float]) -> float:
    numbers = [value for value in values if not math.isnan(value)]
    return float(np.mean(numbers)) if numbers else math.nan
