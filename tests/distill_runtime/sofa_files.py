"""SOFA files to read: a small head of a few directions, and what is wrong in others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

AZIMUTHS = np.arange(0.0, 360.0, 30.0)  # to the left, as SOFA counts
TAPS = 32


def small_head(azimuths: np.ndarray = AZIMUTHS, taps: int = TAPS) -> np.ndarray:
    """Responses `[measurements, 2, taps]`: a click in each ear, placed by the angle."""
    responses = np.zeros((len(azimuths), 2, taps))
    sine = np.sin(np.radians(azimuths))
    for ear, side in enumerate((sine, -sine)):
        at = np.round(8 - 6 * side).astype(int)
        responses[np.arange(len(azimuths)), ear, at] = 0.6 + 0.4 * side
    return responses


def write_sofa(path: Path, changes: dict[str, Any] | None = None, **attributes: Any) -> Path:
    """Write a file of the convention SimpleFreeFieldHRIR.

    Args:
        path: Where.
        changes: Dataset -> values instead of the usual ones; None leaves it out, a pair is values
            and their Type.
        attributes: Of the file, instead of the usual ones.
    """
    places = np.stack([AZIMUTHS, 0 * AZIMUTHS, 0 * AZIMUTHS + 1.2], axis=1)
    datasets: dict[str, Any] = {
        "Data.IR": small_head(),
        "Data.SamplingRate": np.array([48_000.0]),
        "Data.Delay": np.zeros((1, 2)),
        "SourcePosition": (places, "spherical"),
        "ListenerView": (np.array([[1.0, 0.0, 0.0]]), "cartesian"),
        "ListenerUp": (np.array([[0.0, 0.0, 1.0]]), "cartesian"),
        "ReceiverPosition": (
            np.array([[[0.0], [0.09], [0.0]], [[0.0], [-0.09], [0.0]]]),
            "cartesian",
        ),
    }
    datasets |= changes or {}
    said = {"Conventions": "SOFA", "SOFAConventions": "SimpleFreeFieldHRIR"} | attributes
    with h5py.File(path, "w") as file:
        for name, value in said.items():
            if value is not None:
                file.attrs[name] = np.bytes_(value)
        for name, content in datasets.items():
            values, kind = content if isinstance(content, tuple) else (content, None)
            if values is None:
                continue
            options = {"compression": "gzip", "shuffle": True} if name == "Data.IR" else {}
            file.create_dataset(name, data=values, **options)
            if kind is not None:
                file[name].attrs["Type"] = np.bytes_(kind)
    return path
