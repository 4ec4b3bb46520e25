"""Labels of sliders that say what is heard: measured from random places, signed, unique."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from distill_export.verify.controls.search import random_latents
from distill_export.verify.controls.sound_figures import COLUMNS, FIGURES
from distill_export.verify.controls.sweep import Measure, Sweep, sweep
from distill_runtime.arrays import Float64Array
from distill_runtime.contract import SliderBank

LEAST_CORRELATION = 0.8  # in either direction, mean over random places

_SEED = 4
_DEVIATION_SAMPLES = 64  # that say how much a figure varies


def labelled(measure: Measure, bank: SliderBank, *, places: int, positions: int = 5) -> SliderBank:
    """Return the sliders with labels that were measured; the training program's stay beside them.

    Args:
        measure: Renders and measures.
        bank: Sliders as the training program labelled them.
        places: Random latent vectors from which each slider goes through its safe range.
        positions: In that range.
    """
    ranges = [
        np.linspace(slider.safe_min_step, slider.safe_max_step, positions) * slider.step_size
        if slider.safe_min_step < slider.safe_max_step
        else np.linspace(slider.min_step, slider.max_step, positions) * slider.step_size
        for slider in bank.sliders
    ]
    components = [np.array(slider.component) for slider in bank.sliders]
    words = slider_words(measure, components, ranges, places=places)
    return replace(
        bank,
        sliders=tuple(
            replace(slider, label=word or f"Colour {i + 1}", original_label=slider.label)
            for i, (slider, word) in enumerate(zip(bank.sliders, words, strict=True))
        ),
    )


def slider_words(
    measure: Measure,
    components: Sequence[Float64Array],
    positions: Sequence[Float64Array],
    *,
    places: int,
) -> list[str | None]:
    """Return what each slider moves and whither, "Brightness +" or "Loudness -", or None.

    A word is given to the slider that changes it most, counted in what it varies by between random
    sounds, among those along which it goes one way.

    Args:
        measure: Renders and measures.
        components: Directions `[latent_dim]`, one for each slider.
        positions: Distances along them that are compared, in order.
        places: Random latent vectors from which each slider is moved.
    """
    if not components:
        return []
    latent_dim = len(components[0])
    samples = random_latents(_SEED, places + _DEVIATION_SAMPLES, latent_dim)
    deviations = measure(samples[places:].astype(np.float32)).std(axis=0)
    swept = sweep(measure, samples[:places], components, positions)
    claims = [
        (change, slider, figure.name, correlation)
        for slider, found in enumerate(swept)
        for figure in FIGURES
        for correlation, change in [_claim(found, COLUMNS.index(figure.name), deviations)]
        if abs(correlation) >= LEAST_CORRELATION
    ]
    words: list[str | None] = [None] * len(components)
    given: set[str] = set()
    for _, slider, name, correlation in sorted(claims, key=lambda claim: -claim[0]):
        if words[slider] is None and name not in given:
            words[slider] = f"{name} {'+' if correlation > 0 else '-'}"
            given.add(name)
    return words


def _claim(found: Sweep, column: int, deviations: Float64Array) -> tuple[float, float]:
    """Return how a figure follows a slider, and how much it changes, in its deviations."""
    deviation = deviations[column]
    change = abs(found.changes[column]) / deviation if deviation > 0.0 else 0.0
    return float(found.correlations[column]), float(change)
