"""Landmarks as a model file holds them."""

from __future__ import annotations

from typing import Any

import numpy as np

from distill_export.model.arrays import finite_array
from distill_runtime.contract import MAX_LANDMARKS, Landmarks
from distill_runtime.errors import ArtifactError, ModelFileError
from distill_runtime.files.json_fields import JsonFields


def read_landmarks(
    section: JsonFields, values: dict[str, Any], *, latent_dim: int, owner: str, document: str
) -> Landmarks:
    """Return the landmarks in a model file.

    Args:
        section: What the file has of them.
        values: The same as it is, with its arrays.
        latent_dim: Values of a latent vector.
        owner: What complaints call that part.
        document: What complaints call the file.

    Raises:
        ModelFileError: A value is missing, of a wrong type or shape, or out of bounds.
    """
    count = section.integer("count", 1, MAX_LANDMARKS)

    def array(name: str, *shape: int) -> Any:
        return _plain(finite_array(values, name, shape, owner=owner, document=document))

    vectors = array("vectors", count, latent_dim)
    potentials = array("potentials", count)
    widths = array("widths", latent_dim)
    default = section.number("default")
    try:
        return Landmarks(tuple(map(tuple, vectors)), tuple(potentials), tuple(widths), default)
    except ArtifactError as reason:
        raise ModelFileError(f"{document}: {reason}") from None


def landmarks_document(landmarks: Landmarks) -> dict[str, Any]:
    """Return what a model file has of them."""
    return {
        "count": len(landmarks.vectors),
        "vectors": np.array(landmarks.vectors, np.float32),
        "potentials": np.array(landmarks.potentials, np.float32),
        "widths": np.array(landmarks.widths, np.float32),
        "default": landmarks.default,
    }


def _plain(array: np.ndarray) -> Any:
    """Return float32 numbers as the shortest decimals that mean them, which JSON then holds."""
    short = [float(str(value)) for value in array.astype(np.float32).ravel()]
    return np.array(short, np.float64).reshape(array.shape).tolist()
