"""From a JSON object to a request: a row of a table, or the body of an HTTP request.

Its names are those of recipes; every one may be left out, or be null:

    {"seed": 7, "duration_s": 2.5, "sliders": {"Brightness": 3, "1": -2}, "controls": {"Noise": 1},
     "stereo": {"mode": "mid-side", "width": 1}, "sample_rate_hz": 44100, "fade_out_s": 0.5}

Stereo may be a text, too, with width, depth and the place beside it, as presets and tables have it.
`randomize` draws the sliders from the seed. `preset` is a preset's whole document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.errors import DistillError, RequestError
from distill_runtime.files.checks import brief
from distill_runtime.generation.asked_sound import FADES, AskedSound, KeptSound
from distill_runtime.generation.blend import Blend
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.pipeline import GenerationPipeline
from distill_runtime.generation.preset import Preset
from distill_runtime.generation.slider_fit import listed
from distill_runtime.generation.sofa_search import with_sofa
from distill_runtime.generation.stereo_document import PLACE, named_sofa
from distill_runtime.latents.controls import check_controls
from distill_runtime.latents.sliders import check_sliders, resolve_positions

_SETTINGS = (
    "duration_s",
    "mode",
    "evolution",
    "nearness",
    "sample_rate_hz",
    *FADES,
    "loop",
)
_STEREO = ("width", "depth", *PLACE)
_SOFA = ("sofa", "sofa_sha256")
KEYS = (
    "seed",
    *_SETTINGS,
    "sliders",
    "latent_vector",
    "randomize",
    "controls",
    "stereo",
    *_STEREO,
    *_SOFA,
    "preset",
)

PresetFinder = Callable[[str], Preset]


def sound_request(
    values: object,
    pipeline: GenerationPipeline,
    *,
    kept: KeptSound | None = None,
    find_preset: PresetFinder | None = None,
    folder: Path | None = None,
) -> GenerationConfig:
    """Return what a JSON object asks for, as it will be generated (see `GenerationPipeline`).

    What is asked for goes before the preset, and that before what is kept. Lengths have no other
    bounds here than any sound's.

    Args:
        values: The object, as `json` gives it.
        pipeline: What plays.
        kept: What a sound is where it asks for nothing else.
        find_preset: Reads a preset that is named; None allows none but those written out.
        folder: Where a SOFA file that is named is looked for; None allows none.

    Returns:
        The prepared request; its seed is drawn if there is none.

    Raises:
        RequestError: It is no such object, or a value is unknown, of the wrong kind, or out of
            bounds.
        DependencyError: The package that reads its SOFA file is missing.
    """
    asked = _known(values)
    kept = _kept(asked, pipeline.blend, kept or KeptSound(), find_preset, folder)
    asked_sound = AskedSound(
        settings=asked,
        seed=asked.get("seed"),
        sliders=_sliders(asked, pipeline.blend),
        controls=(check_controls(asked.get("controls")) or {}).items(),
        stereo=_stereo(asked, kept.stereo, folder),
        latent_vector=_latent_vector(asked),
    )
    config, _ = asked_sound.on(pipeline.blend, kept)
    config = config.with_seed()
    if _flag(asked, "randomize"):
        if "sliders" in asked or "preset" in asked or "latent_vector" in asked:
            other = next(name for name in ("sliders", "preset", "latent_vector") if name in asked)
            raise RequestError(f"randomize and {other} set the same sliders")
        config = config.with_random_sliders(pipeline.blend.sliders)
    return pipeline.prepare(config)


def _known(values: object) -> dict[str, Any]:
    """Return what is asked for, without what is null."""
    if not isinstance(values, Mapping):
        raise RequestError(
            f'the request is {brief(values)}, expected an object, as in {{"seed": 7}}'
        )
    if unknown := [name for name in values if name not in KEYS]:
        raise RequestError(
            f"the request has unknown fields, {listed(unknown)}: expected some of {', '.join(KEYS)}"
        )
    return {name: value for name, value in values.items() if value is not None}


def _kept(
    asked: Mapping[str, Any],
    blend: Blend,
    kept: KeptSound,
    find_preset: PresetFinder | None,
    folder: Path | None,
) -> KeptSound:
    """Return what is kept, with what the preset keeps before it."""
    given = asked.get("preset")
    if given is None:
        return kept
    if isinstance(given, str) and find_preset is not None:
        preset = find_preset(given)
    elif isinstance(given, Mapping):
        preset = Preset.from_document(given)
    else:
        or_name = "" if find_preset is None else ", or the name of its file"
        raise RequestError(f"preset is {brief(given)}, expected a preset's document{or_name}")
    if folder is None and preset.settings.get("sofa") is not None:
        raise _no_sofa()
    own = KeptSound.of_preset(preset, blend, folder=folder)
    return replace(
        own,
        settings={**kept.settings, **own.settings},
        seed=kept.seed if own.seed is None else own.seed,
        stereo=own.stereo if "stereo" in own.settings else kept.stereo,
    )


def _sliders(asked: Mapping[str, Any], blend: Blend) -> list[tuple[str | int, float]]:
    if "sliders" not in asked:
        return []
    setting = check_sliders(asked["sliders"])
    if isinstance(setting, dict):
        return list(setting.items())
    return list(enumerate(resolve_positions(blend.sliders, setting).positions))


def _latent_vector(asked: Mapping[str, Any]) -> Any:
    vector = asked.get("latent_vector")
    if vector is not None and "sliders" in asked:
        raise RequestError("there are sliders and a latent vector: give one of them")
    return vector


def _stereo(
    asked: Mapping[str, Any], kept: StereoSettings, folder: Path | None
) -> StereoSettings | None:
    """Return how the sound is spread, None if nothing is asked of that."""
    given = asked.get("stereo")
    if isinstance(given, Mapping):
        values = {name: value for name, value in given.items() if value is not None}
        known = ("mode", *_STEREO, "sofa")
        if unknown := [f"stereo.{name}" for name in values if name not in known]:
            raise RequestError(
                f"the request has unknown fields, {listed(unknown)}: expected some of "
                f"{', '.join(f'stereo.{name}' for name in known)}"
            )
        if twice := [name for name in (*_STEREO, *_SOFA) if name in asked]:
            raise RequestError(f"{listed(twice)} is said beside stereo, expected in it")
    else:
        values = {name: asked[name] for name in (*_STEREO, "sofa") if name in asked}
        if given is not None:
            values["mode"] = given
        if "sofa" in values or "sofa_sha256" in asked:
            values["sofa"] = {"name": asked.get("sofa"), "sha256": asked.get("sofa_sha256")}
    if not values:
        return None
    if "sofa" in values:
        if folder is None:
            raise _no_sofa()
        values["sofa"] = _sofa(values["sofa"])
    stereo = replace(kept, **values)
    return with_sofa(stereo, folder) if folder is not None else stereo


def _sofa(value: object) -> Any:
    name, sha256 = (
        (value.get("name"), value.get("sha256")) if isinstance(value, Mapping) else (None, None)
    )
    if not isinstance(name, str) or not isinstance(sha256, str):
        raise RequestError(
            f"the SOFA file is {brief(value)}, expected its name and its SHA-256, two texts"
        )
    return named_sofa(name, sha256)


def _no_sofa() -> DistillError:
    return RequestError("a SOFA file cannot be named here: leave sofa out")


def _flag(asked: Mapping[str, Any], name: str) -> bool:
    value = asked.get(name, False)
    if not isinstance(value, bool):
        raise RequestError(f"{name} is {brief(value)}, expected True or False")
    return value
