"""The inlets of an artifact for nn~: what the signals of its method `play` set, in their order.

The named controls come first, for they are what one wants under a hand, then the sliders, sixteen
in all, and the drift. A model's other sliders stand at 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from distill_runtime.contract import Control, Slider, SliderBank

MAX_LEVERS = 16


def played_levers(
    controls: Sequence[Control], bank: SliderBank | None
) -> tuple[tuple[Control, ...], tuple[Slider, ...]]:
    """Return the controls and the sliders that have an inlet.

    Args:
        controls: All of a model's.
        bank: Its sliders; None if it has none.
    """
    played = tuple(controls[:MAX_LEVERS])
    sliders = () if bank is None else bank.sliders
    return played, sliders[: MAX_LEVERS - len(played)]


def inlet_labels(controls: Sequence[Control], bank: SliderBank | None) -> tuple[str, ...]:
    """Return what the inlets are called, the drift's being the last."""
    played, sliders = played_levers(controls, bank)
    names = [control.name for control in played]
    names += [f"slider {index} {slider.label}" for index, slider in enumerate(sliders)]
    return (*names, "drift")
