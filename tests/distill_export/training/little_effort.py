"""Trainings that look little for names and controls, which otherwise takes most of their time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from distill_export.training.report import directions
from distill_export.training.sliders import analysis
from distill_export.verify.controls import slider_labels


def make_little_effort(patch: pytest.MonkeyPatch) -> None:
    """Have sliders named and controls found from a few sounds; both have tests of their own."""
    effort = replace(directions.EFFORT, samples=60, trial_places=2, places=2)
    patch.setattr(directions, "EFFORT", effort)
    patch.setattr(analysis, "_LABEL_PLACES", 1)
    patch.setattr(slider_labels, "_DEVIATION_SAMPLES", 4)
