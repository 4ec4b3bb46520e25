"""What sliders and controls do, to be heard: one sound for each, from end to end of its range."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from distill_export.model.latent_analysis import LatentAnalysis
from distill_export.model.vae import ConvVAE
from distill_export.reference.complex_spectrogram import Statistics
from distill_export.training.report.preview import at_one_peak
from distill_export.training.sliders.latent_figures import measure_latents, still_sounds
from distill_export.verify.controls.effort import Effort
from distill_export.verify.controls.search import find_controls
from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.contract import SAMPLE_RATE_HZ, Control

# Some 1,500 sounds, a third of what an export listens to: 12 s on one core.
EFFORT = Effort(
    whole=True,
    samples=300,
    entanglements=(0.5, math.inf),
    trial_places=6,
    places=10,
    slider_places=0,  # they have their labels
)
_WORTH_SAYING = 0.5  # of correlations
_FADE_S, _PAUSE_S = 0.02, 0.15


@dataclass(frozen=True)
class Direction:
    """A slider or a control, and what is heard along it.

    Attributes:
        name: What it is called.
        note: What was measured of it, in words.
        sound: The safe minimum, the middle and the safe maximum, a second each, float32
            `[samples]`. One gain for all three, so that a louder one is louder.
    """

    name: str
    note: str
    sound: Float32Array


def slider_directions(
    model: ConvVAE, statistics: Statistics, analysis: LatentAnalysis, place: Float64Array
) -> Iterator[Direction]:
    """Yield the sliders, each moved from the same place `[latent_dim]`."""
    for i, label in enumerate(analysis.suggested_labels):
        low, high = float(analysis.safe_min[i]), float(analysis.safe_max[i])
        step = float(analysis.step_size[i])
        moved = [
            f"{feature.replace('_', ' ')} {values[i]:+.2f}"
            for feature, values in analysis.feature_correlations.items()
            if abs(values[i]) >= _WORTH_SAYING
        ]
        yield Direction(
            name=label,
            note=f"{100 * float(analysis.explained_variance_ratio[i]):.1f}% of the variation, "
            f"{low / step:+.0f} to {high / step:+.0f} steps"
            + (f"; correlation with {', '.join(moved)}" if moved else ""),
            sound=_swept(model, statistics, place, analysis.pca_components[i], low, high),
        )


def control_directions(
    model: ConvVAE, statistics: Statistics, place: Float64Array
) -> Iterator[Direction]:
    """Find controls as an export does, with less effort, and yield them, moved from a place."""
    measure = partial(measure_latents, model, statistics)
    for control in find_controls(measure, len(place), EFFORT, lambda line: None):
        low, high = control.safe_min_step, control.safe_max_step
        yield Direction(
            name=control.name,
            note=f"{control.change_per_step:+.2g} {_unit(control)} a step, {low:+d} to {high:+d} "
            f"steps; correlation {control.correlation:.2f}",
            sound=_swept(
                model,
                statistics,
                place,
                np.array(control.direction),
                low * control.step_size,
                high * control.step_size,
            ),
        )


def _unit(control: Control) -> str:
    return control.unit if control.unit != "of 1" else ""


def _swept(
    model: ConvVAE,
    statistics: Statistics,
    place: Float64Array,
    direction: Float64Array,
    low: float,
    high: float,
) -> Float32Array:
    distances = np.array([low, 0.0, high])[:, None]
    latents = (place + distances * direction).astype(np.float32)
    sounds = still_sounds(model, statistics, latents)
    fade = round(_FADE_S * SAMPLE_RATE_HZ)
    ramp = (np.arange(fade, dtype=np.float32) + 1) / fade
    sounds[:, :fade] *= ramp
    sounds[:, -fade:] *= ramp[::-1]
    pause = np.zeros((3, round(_PAUSE_S * SAMPLE_RATE_HZ)), np.float32)
    return at_one_peak(np.concatenate([sounds, pause], axis=1).reshape(-1))
