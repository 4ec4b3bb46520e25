"""Where a sound is, as seen from the middle of the listener's head.

Azimuth is 0 in front and grows to the right, as a compass does and as pan knobs do: 90 is the right
ear's side, -90 the left one's, 180 behind. SOFA files count the other way round, to the left; what
is read from them is turned around (`sofa_file.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, number

MAX_AZIMUTH_DEG = 180.0
MAX_ELEVATION_DEG = 90.0
# Nearer than this the source would be so close to the skin that no model of a distant head holds.
MIN_DISTANCE_M, MAX_DISTANCE_M = 0.2, 100.0


@dataclass(frozen=True)
class SourcePosition:
    """A place around the head.

    Attributes:
        azimuth_deg: -180 to 180: 0 in front, 90 on the right, -90 on the left, 180 behind.
        elevation_deg: -90 (below) to 90 (above).
        distance_m: 0.2 to 100, from the middle of the head.

    Raises:
        RequestError: A value is out of bounds.
    """

    azimuth_deg: float = 30.0  # where a right loudspeaker stands
    elevation_deg: float = 0.0
    distance_m: float = 1.0

    def __post_init__(self) -> None:
        for name, least, most, unit in (
            ("azimuth_deg", -MAX_AZIMUTH_DEG, MAX_AZIMUTH_DEG, "degrees"),
            ("elevation_deg", -MAX_ELEVATION_DEG, MAX_ELEVATION_DEG, "degrees"),
            ("distance_m", MIN_DISTANCE_M, MAX_DISTANCE_M, "metres"),
        ):
            value = number(getattr(self, name))
            if value is None or not least <= value <= most:
                setting = f"stereo.{name}"
                raise RequestError(
                    f"{setting} is {brief(getattr(self, name))}, expected {unit} from {least:g} "
                    f"to {most:g}",
                    setting=setting,
                )
            object.__setattr__(self, name, value)

    def mirrored(self) -> SourcePosition:
        """Return the place as far on the other side."""
        return replace(self, azimuth_deg=-self.azimuth_deg)

    def describe(self) -> str:
        """Return the place in words: "30 degrees to the right, 1 m away"."""
        azimuth = abs(self.azimuth_deg)
        if azimuth == 0.0:
            words = "in front"
        elif azimuth == MAX_AZIMUTH_DEG:
            words = "behind"
        else:
            words = f"{azimuth:g} degrees to the {'right' if self.azimuth_deg > 0 else 'left'}"
        if self.elevation_deg:
            words += f", {abs(self.elevation_deg):g} {'up' if self.elevation_deg > 0 else 'down'}"
        return f"{words}, {self.distance_m:g} m away"
