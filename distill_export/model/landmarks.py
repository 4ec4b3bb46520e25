"""Landmarks in a model file: under a key of this project's own, which Distill does not read."""

from __future__ import annotations

from typing import Any

import numpy as np

from distill_export.model.arrays import finite_array
from distill_export.model.levels import LEVELS, BandLevels, levels_document, read_levels
from distill_runtime.contract import MAX_LANDMARKS, Landmarks
from distill_runtime.errors import ArtifactError, ModelFileError
from distill_runtime.files.json_fields import JsonFields

OWN_KEY = "distill_portable"
_OWNER = f"{OWN_KEY}.landmarks"
_VERSION = 1


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
    read.integer("version", 1, _VERSION)
    levels = read_levels(read, own, n_mels=n_mels, document=document)
    return _read_landmarks(read, own, latent_dim=latent_dim, document=document), levels


def _read_landmarks(
    read: JsonFields, own: object, *, latent_dim: int, document: str
) -> Landmarks | None:
    if "landmarks" not in read:
        return None
    section = read.section("landmarks")
    count = section.integer("count", 1, MAX_LANDMARKS)
    assert isinstance(own, dict)
    values = own["landmarks"]
    vectors = finite_array(values, "vectors", (count, latent_dim), owner=_OWNER, document=document)
    potentials = finite_array(values, "potentials", (count,), owner=_OWNER, document=document)
    widths = finite_array(values, "widths", (latent_dim,), owner=_OWNER, document=document)
    default = section.number("default")
    try:
        return Landmarks(
            tuple(map(tuple, _plain(vectors))),
            tuple(_plain(potentials)),
            tuple(_plain(widths)),
            default,
        )
    except ArtifactError as reason:
        raise ModelFileError(f"{document}: {reason}") from None


def own_document(landmarks: Landmarks, levels: BandLevels | None = None) -> dict[str, Any]:
    """Return what a model file has under `OWN_KEY`."""
    return {
        "version": _VERSION,
        **({} if levels is None else {LEVELS: levels_document(levels)}),
        "landmarks": {
            "count": len(landmarks.vectors),
            "vectors": np.array(landmarks.vectors, np.float32),
            "potentials": np.array(landmarks.potentials, np.float32),
            "widths": np.array(landmarks.widths, np.float32),
            "default": landmarks.default,
        },
    }


def _plain(array: np.ndarray) -> Any:
    """Return float32 numbers as the shortest decimals that mean them, which JSON then holds."""
    short = [float(str(value)) for value in array.astype(np.float32).ravel()]
    return np.array(short, np.float64).reshape(array.shape).tolist()
