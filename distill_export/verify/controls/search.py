"""Finding controls: for each word the direction that moves it, and little else, from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from distill_export.verify.controls.directions import separated, slopes
from distill_export.verify.controls.effort import Effort
from distill_export.verify.controls.sound_figures import COLUMNS, FIGURES, Figure
from distill_export.verify.controls.sweep import Measure, Sweep, sweep
from distill_runtime.arrays import Float64Array
from distill_runtime.contract import Control

LEAST_CORRELATION = 0.8  # over random places: what follows less is not offered
STEP_SIZE = 0.25  # standard deviations of the prior
LAST_STEP = 10

_LEAK_WEIGHT = 0.1  # of leak against correlation, where directions are compared
_LEAST_CHANGE = 1.0  # from end to end, in standard deviations of the figure over the prior
_SAMPLE_SEED, _TRIAL_SEED, _PLACE_SEED = 1, 2, 3
_MOST_LEAK = 1e6

Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Candidate:
    figure: Figure
    direction: Float64Array  # [latent_dim]


def find_controls(
    measure: Measure, latent_dim: int, effort: Effort, progress: Progress
) -> tuple[Control, ...]:
    """Find the controls of a model.

    Args:
        measure: Renders and measures.
        latent_dim: Length of a latent vector.
        effort: How much to render.
        progress: Told what is being done.

    Returns:
        Those that follow, in the order of `FIGURES`; they may be none.
    """
    progress(f"looking for controls in {effort.samples} random sounds")
    latents = random_latents(_SAMPLE_SEED, effort.samples, latent_dim)
    figures = measure(latents.astype(np.float32))
    ways = slopes(latents, figures)
    deviations = figures.std(axis=0)
    candidates = [
        candidate for figure in FIGURES for candidate in _candidates(figure, ways, effort)
    ]
    if not candidates:
        return ()
    progress(f"comparing {len(candidates)} directions")
    trials = random_latents(_TRIAL_SEED, effort.trial_places, latent_dim)
    swept = _sweep(measure, trials, candidates, effort)
    chosen = [
        _best(
            [pair for pair in zip(candidates, swept, strict=True) if pair[0].figure is figure],
            deviations,
        )
        for figure in dict.fromkeys(candidate.figure for candidate in candidates)
    ]
    progress(f"measuring {len(chosen)} controls")
    places = random_latents(_PLACE_SEED, effort.places, latent_dim)
    measured = [
        (candidate, found)
        for candidate, found in zip(chosen, _sweep(measure, places, chosen, effort), strict=True)
        if found.correlations[_column(candidate.figure)] >= LEAST_CORRELATION
    ]
    names = [candidate.figure.name for candidate, _ in measured]
    return tuple(
        _control(candidate, found, names, deviations, effort) for candidate, found in measured
    )


def random_latents(seed: int, count: int, latent_dim: int) -> Float64Array:
    """Draw latent vectors `[count, latent_dim]` from the standard normal distribution."""
    return np.random.default_rng(seed).standard_normal((count, latent_dim))


def _candidates(figure: Figure, ways: Float64Array, effort: Effort) -> list[_Candidate]:
    """Return directions that may move a figure: its own, and more and less apart from others'."""
    others = [ways[_column(other)] for other in FIGURES if other is not figure]
    return [
        _Candidate(figure, separated(ways[COLUMNS.index(column)], others, entanglement))
        for column in (figure.name, *figure.also)
        if ways[COLUMNS.index(column)].any()
        for entanglement in effort.entanglements
    ]


def _sweep(
    measure: Measure, places: Float64Array, candidates: Sequence[_Candidate], effort: Effort
) -> list[Sweep]:
    last = LAST_STEP * STEP_SIZE
    positions = np.linspace(-last, last, effort.positions)
    directions = [candidate.direction for candidate in candidates]
    return sweep(measure, places, directions, [positions] * len(directions))


def _best(pairs: Sequence[tuple[_Candidate, Sweep]], deviations: Float64Array) -> _Candidate:
    """Return the direction that follows best and leaks least, if it can be heard."""
    every = [figure.name for figure in FIGURES]

    def worth(pair: tuple[_Candidate, Sweep]) -> float:
        candidate, found = pair
        column = _column(candidate.figure)
        is_heard = found.changes[column] >= _LEAST_CHANGE * deviations[column]
        leak = min(_leak(candidate, found, every, deviations)[0], 2.0)
        return float(found.correlations[column]) - _LEAK_WEIGHT * (leak if is_heard else 2.0)

    return max(pairs, key=worth)[0]


def _leak(
    candidate: _Candidate, found: Sweep, names: Sequence[str], deviations: Float64Array
) -> tuple[float, str | None]:
    """Return the largest change of another figure against the control's own, and whose it is.

    Changes are counted in what the figure varies by between random sounds.
    """
    columns = [COLUMNS.index(name) for name in names]
    relative = np.abs(found.changes) / np.where(deviations > 0.0, deviations, np.inf)
    own = _column(candidate.figure)
    leaks = {column: float(relative[column]) for column in columns if column != own}
    if not leaks:
        return 0.0, None
    largest = max(leaks, key=lambda column: leaks[column])
    leak = leaks[largest] / max(float(relative[own]), 1e-12)
    return min(leak, _MOST_LEAK), COLUMNS[largest]


def _control(
    candidate: _Candidate,
    found: Sweep,
    names: Sequence[str],
    deviations: Float64Array,
    effort: Effort,
) -> Control:
    figure, column = candidate.figure, _column(candidate.figure)
    leak, leaks_into = _leak(candidate, found, names, deviations)
    low, high = found.rising(column)
    rise = found.course[high, column] - found.course[low, column]
    steps = np.linspace(-LAST_STEP, LAST_STEP, effort.positions)
    return Control(
        name=figure.name,
        # Five decimals: what the machine's rounding may do does not show.
        direction=tuple(float(value) for value in candidate.direction.round(5)),
        step_size=STEP_SIZE,
        safe_min_step=int(steps[low]),
        safe_max_step=int(steps[high]),
        unit=figure.unit,
        change_per_step=float(f"{rise / (steps[high] - steps[low]):.3g}"),
        correlation=round(float(found.correlations[column]), 3),
        leak=round(leak, 2),
        leaks_into=leaks_into,
        places=effort.places,
        is_level=figure.is_level,
    )


def _column(figure: Figure) -> int:
    return COLUMNS.index(figure.name)
