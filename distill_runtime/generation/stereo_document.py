"""Stereo settings as recipes and presets hold them.

Both hold what they always did, and of a binaural sound its place, too, and of a SOFA file its name
and its SHA-256: programs of before know neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from distill_runtime.audio.binaural.sofa_file import SofaFile
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.json_fields import JsonFields

_ALWAYS = ("width", "depth")
PLACE = ("azimuth_deg", "elevation_deg", "distance_m")
# A preset's settings lie side by side, where "stereo" is the mode.
PRESET_NUMBERS = (*_ALWAYS, *PLACE)
PRESET_TEXTS = ("stereo", "sofa", "sofa_sha256")


def stereo_document(stereo: StereoSettings) -> dict[str, Any]:
    """Return what a recipe holds."""
    document = {"mode": stereo.mode, **_numbers(stereo)}
    if stereo.is_binaural and stereo.sofa is not None:
        document["sofa"] = {"name": stereo.sofa.name, "sha256": stereo.sofa.sha256}
    return document


def stereo_from_document(fields: JsonFields) -> StereoSettings:
    """Read what a recipe holds; a SOFA file is then named, and not loaded.

    Raises:
        RequestError: A field is missing or not right.
    """
    settings: dict[str, Any] = {"mode": fields.text("mode")}
    settings |= {name: fields.number(name) for name in _ALWAYS}
    settings |= {name: fields.number(name) for name in PLACE if name in fields}
    sofa = fields.section("sofa") if "sofa" in fields else None
    name, sha256 = ("", "") if sofa is None else (sofa.text("name"), sofa.text("sha256"))
    with fields.about():
        if sofa is not None:
            settings["sofa"] = named_sofa(name, sha256)
        return StereoSettings(**settings)


def preset_settings(stereo: StereoSettings) -> dict[str, str | float]:
    """Return what a preset holds."""
    settings: dict[str, str | float] = {"stereo": stereo.mode, **_numbers(stereo)}
    if stereo.is_binaural and stereo.sofa is not None:
        settings |= {"sofa": stereo.sofa.name, "sofa_sha256": stereo.sofa.sha256}
    return settings


def stereo_from_settings(settings: Mapping[str, Any]) -> StereoSettings:
    """Read what a preset holds among other settings; a SOFA file is then named, and not loaded.

    Raises:
        RequestError: A setting is out of bounds, or a SOFA file is named without its SHA-256.
    """
    values = {name: settings[name] for name in PRESET_NUMBERS if name in settings}
    name, sha256 = settings.get("sofa"), settings.get("sofa_sha256")
    if (name is None) != (sha256 is None):
        raise RequestError("the preset names a SOFA file by one of sofa and sofa_sha256: give both")
    if name is not None:
        values["sofa"] = named_sofa(str(name), str(sha256))
    return StereoSettings(settings.get("stereo", "mono"), **values)


def _numbers(stereo: StereoSettings) -> dict[str, Any]:
    names = (*_ALWAYS, *PLACE) if stereo.is_binaural else _ALWAYS
    return {name: getattr(stereo, name) for name in names}


def named_sofa(name: str, sha256: str) -> SofaFile:
    """Return a SOFA file that is named, and not read.

    Raises:
        RequestError: The name is none of a file.
    """
    if not name or "/" in name or "\\" in name:
        raise RequestError(f"a SOFA file is named by its file name, not by {brief(name)}")
    return SofaFile(name, sha256)
