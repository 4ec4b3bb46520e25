"""What a model file holds of this project's own: one key, which Distill does not read."""

from __future__ import annotations

from typing import Any

from distill_export.model.landmarks import landmarks_document, read_landmarks
from distill_export.model.levels import BandLevels, levels_document, read_levels
from distill_runtime.contract import Landmarks
from distill_runtime.errors import ModelFileError
from distill_runtime.files.json_fields import JsonFields

OWN_KEY = "distill_portable"
_VERSION = 1
_LANDMARKS, _LEVELS = "landmarks", "levels"


def read_own(
    own: object, *, latent_dim: int, n_mels: int, document: str
) -> tuple[Landmarks | None, BandLevels | None]:
    """Return landmarks and levels in what a model file has under `OWN_KEY`; None for what is not.

    Raises:
        ModelFileError: A value is missing, of a wrong type or shape, or out of bounds.
    """
    if own is None:
        return None, None
    read = JsonFields(own, OWN_KEY, document=document, error=ModelFileError)
    assert isinstance(own, dict)
    read.integer("version", 1, _VERSION)
    landmarks, levels = None, None
    if _LEVELS in read:
        read.section(_LEVELS)  # a dict
        owner = f"{OWN_KEY}.{_LEVELS}"
        levels = read_levels(own[_LEVELS], n_mels=n_mels, owner=owner, document=document)
    if _LANDMARKS in read:
        landmarks = read_landmarks(
            read.section(_LANDMARKS),
            own[_LANDMARKS],
            latent_dim=latent_dim,
            owner=f"{OWN_KEY}.{_LANDMARKS}",
            document=document,
        )
    return landmarks, levels


def own_document(landmarks: Landmarks, levels: BandLevels | None = None) -> dict[str, Any]:
    """Return what a model file has under `OWN_KEY`."""
    return {
        "version": _VERSION,
        **({} if levels is None else {_LEVELS: levels_document(levels)}),
        _LANDMARKS: landmarks_document(landmarks),
    }
