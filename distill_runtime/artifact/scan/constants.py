"""Checking what an artifact's constants hold, when it is loaded and numpy is there."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_runtime.artifact.known.known_graph import KnownStructure
from distill_runtime.artifact.scan.onnx_graph import DOUBLE, FLOAT, FLOAT16, OnnxGraph, Tensor
from distill_runtime.artifact.scan.protobuf import Span
from distill_runtime.errors import ArtifactError

_BLOCK = 4096
_TYPES: dict[int, np.dtype[Any]] = {
    FLOAT: np.dtype("<f4"),
    DOUBLE: np.dtype("<f8"),
    FLOAT16: np.dtype("<f2"),
}
# Odd numbers near 2^32 over powers of the golden ratio: their multiples, modulo 2^32, spread evenly
# (Knuth, The Art of Computer Programming, volume 3, section 6.4).
_MULTIPLIERS = (2654435761, 1640531527, 1013904243, 3266489917)


def check_finite(graph: OnnxGraph, data: bytes | memoryview) -> None:
    """See that no constant of floats holds NaN or infinity.

    Args:
        graph: Scanned from the file.
        data: The whole file.

    Raises:
        ArtifactError: One does.
    """
    for tensor in graph.initializers.values():
        if tensor.element_type in _TYPES and not np.isfinite(values_of(tensor, data)).all():
            raise ArtifactError(
                "its weights are not all finite: the file is damaged, or its model was trained "
                "to nothing"
            )


def check_arrays(structure: KnownStructure, data: bytes | memoryview) -> None:
    """See that the constants of signal processing are those that an exporter computes.

    Where a model chooses what one holds, as an expander's, its shape alone must be that.

    Raises:
        ArtifactError: One is not, by more than another machine's rounding.
    """
    for tensor, expected in structure.arrays:
        near = True
        if expected.sums is not None:
            found = fingerprint_sums(values_of(tensor, data))
            pairs = zip(found, expected.sums, strict=True)
            near = all(abs(a - b) <= expected.tolerance for a, b in pairs)
        if tensor.dims != expected.dims or not near:
            raise ArtifactError(
                "unknown structure (its signal processing has other constants): export it again"
            )


def values_of(tensor: Tensor, data: bytes | memoryview) -> npt.NDArray[Any]:
    """Return what a tensor of floats holds, flat, without copying it."""
    dtype = _TYPES[tensor.element_type]
    if isinstance(tensor.raw, Span):
        place, length = tensor.raw
        return np.frombuffer(data, dtype, length // dtype.itemsize, place)
    return np.frombuffer(tensor.raw or b"", dtype)


def fingerprint_sums(values: npt.NDArray[Any]) -> tuple[float, ...]:
    """Return sums of an array, each with other weights: of 0.5 to 1 in size, of either sign."""
    blocks = -(-values.size // _BLOCK)
    padded = np.zeros(blocks * _BLOCK)
    padded[: values.size] = values
    sums = padded.reshape(blocks, _BLOCK) @ _weights().T  # [blocks, sums]
    return tuple((_weights()[:, :blocks] * sums.T).sum(axis=1).tolist())


@cache
def _weights() -> npt.NDArray[np.float64]:
    places = np.arange(1, _BLOCK + 1, dtype=np.uint64)
    mixed = np.array(_MULTIPLIERS, np.uint64)[:, None] * places & np.uint64(0xFFFFFFFF)
    spread = mixed / 2.0**32
    return np.where(spread < 0.5, -0.5 - spread, spread)
