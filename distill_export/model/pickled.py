"""Inert objects that stand in for what a model file's pickle names outside of PyTorch.

Even numpy's own functions are not safe to call with arguments out of a file: `ndarray` takes raw
bytes as an array of object pointers, and a pickled dtype can hide such pointers in a field. So
none of them is called. The stand-ins keep what the file says, check it, and build an array of
plain numbers from its bytes. Distill itself is not needed either: its one enum becomes an
object that only remembers the value, and is written again under the enum's name.
"""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np

PRESET_GLOBAL = ("distill.training.config", "OverfittingPreset")
_NUMBERS = {"b1", "f2", "f4", "f8"} | {f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)}


class StandInError(Exception):
    """The file asks for something else than the plain values that a stand-in takes."""


class OverfittingPreset:
    """Distill's training preset, of which only the value is kept."""

    def __init__(self, value: str) -> None:
        if type(value) is not str:
            raise StandInError("its training preset is no text")
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OverfittingPreset) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((OverfittingPreset, self.value))

    def __repr__(self) -> str:
        return f"OverfittingPreset({self.value!r})"

    def __reduce__(self) -> tuple[type[OverfittingPreset], tuple[str]]:
        return OverfittingPreset, (self.value,)

    def __setstate__(self, state: object) -> None:
        raise StandInError("its training preset holds more than a value")


class StoredDtype:
    """A dtype as a pickle writes it: `dtype("f4", False, True)`, then its byte order."""

    def __init__(self, code: object = None, *_: object) -> None:
        if type(code) is not str or code not in _NUMBERS:
            raise StandInError(f"it holds an array of {str(code)[:40]!r}, which are no numbers")
        self.code = code
        self.byte_order = "="

    def __setstate__(self, state: object) -> None:
        # (version, byte order, sub-array, names, fields, size, alignment, flags)
        if (
            type(state) is not tuple
            or len(state) < 5
            or type(state[1]) is not str
            or state[1] not in ("<", ">", "|", "=")
            or any(part is not None for part in state[2:5])
        ):
            raise StandInError("it holds an array of a structured type")
        self.byte_order = state[1]

    def to_numpy(self) -> np.dtype[Any]:
        """Return the dtype of one number."""
        return np.dtype(self.code).newbyteorder(self.byte_order)


class StoredArray:
    """An array as a pickle writes it: an empty one, then its state."""

    def __init__(self, *_: object) -> None:
        self.state: tuple[tuple[int, ...], StoredDtype, bool, bytes] | None = None

    def __setstate__(self, state: object) -> None:
        if type(state) is not tuple or len(state) != 5:
            raise StandInError("it holds an array without a state")
        _, shape, dtype, fortran, raw = state
        if (
            type(shape) is not tuple
            or not all(type(size) is int and size >= 0 for size in shape)
            or len(shape) > 8
            or type(dtype) is not StoredDtype
            or type(fortran) is not bool
            or type(raw) is not bytes
        ):
            raise StandInError("it holds an array of something else than numbers")
        if math.prod(shape) * dtype.to_numpy().itemsize != len(raw):
            raise StandInError(f"it holds an array of shape {list(shape)} with {len(raw)} bytes")
        self.state = shape, dtype, fortran, raw

    def to_numpy(self) -> np.ndarray:
        """Return the array, in this machine's byte order."""
        # NEWOBJ makes an object without calling __init__.
        state = getattr(self, "state", None)
        if state is None:
            raise StandInError("it holds an array without a state")
        shape, dtype, fortran, raw = state
        array = np.frombuffer(raw, dtype.to_numpy()).reshape(shape, order="F" if fortran else "C")
        return array.astype(dtype.code)


def reconstruct(*_: object) -> StoredArray:
    """Stand in for numpy's `_reconstruct`, which makes the array that the state then fills."""
    return StoredArray()


ALLOWED: tuple[tuple[Any, str], ...] = (
    (reconstruct, "numpy._core.multiarray._reconstruct"),  # numpy 2
    (reconstruct, "numpy.core.multiarray._reconstruct"),  # numpy 1
    (StoredArray, "numpy.ndarray"),
    (StoredDtype, "numpy.dtype"),
    (OverfittingPreset, ".".join(PRESET_GLOBAL)),
)


class _ByReference(pickle._Pickler):
    """The pickler in Python: the one in C insists on importing what it refers to."""

    def save_global(self, obj: object, name: str | None = None) -> None:
        if obj is OverfittingPreset:
            self.write(pickle.GLOBAL + "\n".join((*PRESET_GLOBAL, "")).encode())
            self.memoize(obj)
        else:
            super().save_global(obj, name)


class ReferencePickle:
    """What `torch.save` takes for a pickle module; writes the preset as a reference to Distill."""

    Pickler = _ByReference
