"""Stereo as the options of a command and a preset ask for it, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from distill_runtime.audio.binaural.sofa_file import SofaFile
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.errors import RequestError
from distill_runtime.generation.sofa_search import with_sofa
from distill_runtime.generation.stereo_document import stereo_from_settings

# The options that only a place has.
_PLACE_OPTIONS = {
    "azimuth_deg": "--azimuth",
    "elevation_deg": "--elevation",
    "distance_m": "--distance",
}


@dataclass(frozen=True)
class StereoOptions:
    """The options of a command line that speak of stereo; None means that one was not given."""

    mode: str | None = None
    width: float | None = None
    depth: float | None = None
    azimuth_deg: float | None = None
    elevation_deg: float | None = None
    distance_m: float | None = None
    sofa: Path | None = None

    def settings(self, kept: Mapping[str, Any], folder: Path) -> StereoSettings:
        """Return the settings, with the SOFA file read.

        Args:
            kept: The settings of a preset, which options go before.
            folder: Of the preset, where the SOFA file that it names is looked for.

        Raises:
            RequestError: A value is out of bounds, an option would do nothing, or the SOFA file
                cannot be used.
            DependencyError: The package that reads it is missing.
        """
        given = {name: value for name, value in vars(self).items() if value is not None}
        sofa: Path | None = given.pop("sofa", None)
        if "mode" in given:
            given["stereo"] = given.pop("mode")
        if sofa is not None:
            kept = {name: kept[name] for name in kept if name not in ("sofa", "sofa_sha256")}
        asked = stereo_from_settings({**kept, **given})
        if not asked.is_binaural:
            options = {**_PLACE_OPTIONS, "sofa": "--sofa"}
            for name, option in options.items():
                if getattr(self, name) is not None:
                    raise RequestError(f"{option} needs --stereo binaural or binaural-dual-seed")
            return replace(asked, sofa=None)
        if sofa is not None:
            return replace(asked, sofa=SofaFile.load(sofa))
        return with_sofa(asked, folder)


def describe_place(stereo: StereoSettings) -> str | None:
    """Return where a binaural sound is, in one line; None for other sounds."""
    if not stereo.is_binaural:
        return None
    positions = stereo.positions
    places = " and ".join(position.describe() for position in positions)
    if stereo.sofa is None:
        return f"binaural: {places}"
    nearest = [stereo.sofa.nearest(position) for position in positions]
    if nearest == list(positions):
        return f"binaural: {places}, as {stereo.sofa.name} measured it"
    measured = " and ".join(position.describe().rpartition(",")[0] for position in nearest)
    return f"binaural: {places}; nearest in {stereo.sofa.name}: {measured}"
