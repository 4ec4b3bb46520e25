"""Where a live sound begins."""

from __future__ import annotations

import secrets
from dataclasses import replace

import numpy.typing as npt

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, whole
from distill_runtime.generation.live.place import Place
from distill_runtime.latents.controls import ControlSteps, resolve_controls
from distill_runtime.latents.nearness import resolve_nearness
from distill_runtime.latents.seeds import SEED_LIMIT
from distill_runtime.latents.sliders import SliderPositions, check_sliders, resolve_positions


def first_place(
    artifact: Artifact,
    stereo: StereoSettings,
    start: npt.ArrayLike | None,
    sliders: SliderPositions | None,
    controls: ControlSteps | None,
    seed: int | None,
    drift: float,
    nearness: float | None,
) -> Place:
    """Return where a stream begins for what was asked; see `LiveStream`.

    Raises:
        RequestError: A value is out of bounds or does not fit the model.
    """
    place = _point(artifact, stereo, start, sliders, seed, drift)
    near = resolve_nearness(nearness, artifact.landmarks, artifact.name)
    place = replace(place, nearness=near or 0.0)
    if controls is not None:
        setting = resolve_controls(artifact.controls, controls)
        place = replace(place, controls=tuple(setting.steps.items()))
    place.check_on(artifact)
    return place


def _point(
    artifact: Artifact,
    stereo: StereoSettings,
    start: npt.ArrayLike | None,
    sliders: SliderPositions | None,
    seed: int | None,
    drift: float,
) -> Place:
    """Return where it begins, short of what moves all of it."""
    if start is not None and sliders is not None:
        raise RequestError("there are sliders and a latent vector: give one of them")
    place = Place(
        secrets.randbelow(SEED_LIMIT - 1) if seed is None else checked_seed(seed, stereo),
        drift=drift,
    )
    if start is not None:
        vector = artifact.check_latent_vector(start)
        return replace(place, vector=tuple(map(float, vector)))
    if sliders is None and seed is not None and place.drift == 0.0:
        return place
    if artifact.sliders:
        asked = [0] * len(artifact.sliders) if sliders is None else check_sliders(sliders)
        return replace(place, sliders=resolve_positions(artifact.sliders, asked).positions)
    if sliders is not None:
        raise RequestError("this model has no sliders: start from a latent vector instead")
    return replace(place, vector=(0.0,) * artifact.latent_dim)


def checked_seed(seed: object, stereo: StereoSettings) -> int:
    """Return a seed as a plain int, if it and those of the other voices exist.

    Raises:
        RequestError: It is not one.
    """
    rows = stereo.input_channels
    found = whole(seed)
    if found is None or not 0 <= found <= SEED_LIMIT - rows:
        raise RequestError(
            f"the seed is {brief(seed)}, expected a whole number from 0 to {SEED_LIMIT - rows}"
        )
    return found
