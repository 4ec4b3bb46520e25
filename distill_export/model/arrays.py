"""Arrays of floats in what a model file holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from distill_runtime.errors import ModelFileError


def finite_array(
    values: dict[str, Any], name: str, shape: tuple[int, ...], *, owner: str, document: str
) -> np.ndarray:
    """Return an array of finite floats of a shape.

    Args:
        values: Where it is.
        name: Its key.
        shape: What it has to be.
        owner: What complaints call `values`.
        document: What complaints call the file.

    Raises:
        ModelFileError: There is no such array.
    """
    array = values.get(name)
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        raise ModelFileError(f"{document} has no array of floats at '{owner}.{name}'")
    if array.shape != shape:
        raise ModelFileError(
            f"{document} has shape {list(array.shape)} for '{owner}.{name}', not {list(shape)}"
        )
    if not np.isfinite(array).all():
        raise ModelFileError(f"{document} has NaN or infinity in '{owner}.{name}'")
    return array
