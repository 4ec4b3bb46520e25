"""How much is rendered to find controls and to name sliders: what some 20 s on two cores allow."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Numbers of sounds; the time goes with them.

    Attributes:
        whole: Whether a sound is a whole chunk, see `StillSounds`.
        samples: Random latent vectors that directions are found from.
        entanglements: How far directions are turned away from each other, see `separated`.
        trial_places: Places from which the directions of one control are compared.
        places: Fresh ones at which the chosen direction is measured.
        slider_places: Places from which sliders are moved to name them.
        positions: Along a direction, from each place.
    """

    whole: bool
    samples: int
    entanglements: tuple[float, ...]
    trial_places: int
    places: int
    slider_places: int
    positions: int = 5


# By reconstruction: a sound of "refined" takes four times as long.
EFFORTS = {
    "learned": Effort(
        whole=True,
        samples=1200,
        entanglements=(0.2, 1.0, math.inf),
        trial_places=14,
        places=24,
        slider_places=24,
    ),
    "refined": Effort(
        whole=False,
        samples=400,
        entanglements=(0.5, math.inf),
        trial_places=4,
        places=8,
        slider_places=5,
    ),
}
