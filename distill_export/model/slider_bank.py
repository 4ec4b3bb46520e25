"""The sliders of a model's latent analysis, as the artifact's contract has them."""

from __future__ import annotations

import math

import numpy as np

from distill_export.model.latent_analysis import LatentAnalysis
from distill_runtime.contract import Slider, SliderBank


def slider_bank(analysis: LatentAnalysis | None) -> SliderBank | None:
    """Return the sliders of a model's latent analysis; None if it has none.

    Ranges become whole steps, rounded inwards, within the positions of a slider.
    """
    if analysis is None or not analysis.n_active_components:
        return None
    return SliderBank(
        mean=_short_floats(analysis.pca_mean),
        sliders=tuple(_slider(analysis, i) for i in range(analysis.n_active_components)),
    )


def _slider(analysis: LatentAnalysis, i: int) -> Slider:
    step_size = float(analysis.step_size[i])
    last_step = analysis.n_steps // 2

    def steps_within(low: float, high: float) -> tuple[int, int]:
        low_step, high_step = math.ceil(low / step_size), math.floor(high / step_size)
        return max(low_step, -last_step), min(high_step, last_step)

    safe = steps_within(float(analysis.safe_min[i]), float(analysis.safe_max[i]))
    warning = steps_within(float(analysis.warning_min[i]), float(analysis.warning_max[i]))
    return Slider(
        name=analysis.component_labels[i],
        label=analysis.suggested_labels[i],
        component=_short_floats(analysis.pca_components[i]),
        step_size=_short_floats(analysis.step_size)[i],
        min_step=-last_step,
        max_step=last_step,
        safe_min_step=safe[0],
        safe_max_step=safe[1],
        warning_min_step=warning[0],
        warning_max_step=warning[1],
        variance_explained=_short_floats(analysis.explained_variance_ratio)[i],
    )


def _short_floats(values: np.ndarray) -> tuple[float, ...]:
    """Return float32 values as the shortest decimals that read back as the same float32."""
    return tuple(float(str(value)) for value in np.asarray(values, np.float32))
