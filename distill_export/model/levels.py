"""How loud a model's recordings are, band by band: kept in its file beside the landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill_export.model.arrays import finite_array
from distill_runtime.errors import ModelFileError
from distill_runtime.files.json_fields import JsonFields

LEVELS = "levels"
_MAX_LEVEL = 100.0  # nepers of power


@dataclass(frozen=True)
class BandLevels:
    """Statistics of the level of each mel band, over the frames that sound.

    A level is `log(1 + P / 1e-6)` of the mel power P: natural, 0 for silence.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def read_levels(
    own: JsonFields, values: object, *, n_mels: int, document: str
) -> BandLevels | None:
    """Return the levels in this project's part of a model file; None if it has none.

    Args:
        own: That part.
        values: The same as it is.
        n_mels: How many bands there are.
        document: What complaints call the file.

    Raises:
        ModelFileError: A value is missing, of a wrong type or shape, or out of bounds.
    """
    if LEVELS not in own:
        return None
    own.section(LEVELS)
    assert isinstance(values, dict)
    arrays = []
    for name in ("mean", "deviation"):
        owner = f"distill_portable.{LEVELS}"
        array = finite_array(values[LEVELS], name, (n_mels,), owner=owner, document=document)
        if array.min() < 0.0 or array.max() > _MAX_LEVEL:
            raise ModelFileError(
                f"{document} has a level out of bounds in '{owner}.{name}', expected 0 to "
                f"{_MAX_LEVEL:.0f}"
            )
        arrays.append(tuple(float(value) for value in array))
    return BandLevels(*arrays)


def levels_document(levels: BandLevels) -> dict[str, np.ndarray]:
    """Return what a model file has of them."""
    return {
        "mean": np.array(levels.mean, np.float32),
        "deviation": np.array(levels.deviation, np.float32),
    }
