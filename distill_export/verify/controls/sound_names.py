"""What an artifact's own sound says of its model: its controls, and the sliders' true labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import onnx

from distill_export.verify.controls.effort import EFFORTS
from distill_export.verify.controls.search import find_controls
from distill_export.verify.controls.slider_labels import labelled
from distill_export.verify.controls.still_sounds import StillSounds
from distill_runtime.contract import Control, SliderBank


@dataclass(frozen=True)
class SoundNames:
    """Names for what moves the sound."""

    controls: tuple[Control, ...]
    sliders: SliderBank | None


def measure_names(
    graph: onnx.ModelProto,
    bank: SliderBank | None,
    *,
    reconstruction: str,
    latent_dim: int,
    latency_samples: int,
    progress: Callable[[str], None],
) -> SoundNames:
    """Find controls and label sliders by what the graph plays.

    Args:
        graph: In float32; what is found holds for the same model in less precision, whose sound
            differs by far less than one step of a control.
        bank: Sliders as the training program labelled them, or None.
        reconstruction: Of the graph; it says how much may be rendered.
        latent_dim: Length of a latent vector.
        latency_samples: Of silence at the start of the graph's streams.
        progress: Told what is being done.
    """
    effort = EFFORTS[reconstruction]
    sounds = StillSounds(graph, latency_samples=latency_samples, whole=effort.whole)
    controls = find_controls(sounds.measure, latent_dim, effort, progress)
    if bank is not None:
        progress(f"listening to {len(bank.sliders)} sliders")
        bank = labelled(sounds.measure, bank, places=effort.slider_places)
    return SoundNames(controls, bank)
