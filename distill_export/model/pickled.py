"""Inert objects for what a model file's pickle names outside of PyTorch.

Even numpy's own functions are not safe to call with arguments out of a file: `ndarray` takes raw
bytes as an array of object pointers, and a pickled dtype can hide such pointers in a field. So
none of them is called. These objects keep what the file says, check it, and build an array of
plain numbers from its bytes. Distill itself is not needed either: its one enum becomes an
object that only remembers the value, and is written again under the enum's name.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

PRESET_GLOBAL = ("distill.training.config", "OverfittingPreset")
_NUMBERS = {"b1", "f2", "f4", "f8"} | {f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)}
_Order = Literal["<", ">", "|", "="]
_ORDERS: dict[str, _Order] = {"<": "<", ">": ">", "|": "|", "=": "="}
_MAX_DIMENSIONS = 8


class PickledError(Exception):
    """What a pickle holds that no model does, in a few printable words that do not name its file.

    The words come from types and numbers and from what is known to be a short text, never from the
    `str` or `repr` of a value: a few bytes of nested lists can make that endless.
    """


class OverfittingPreset:
    """Distill's training preset, of which only the value is kept."""

    def __init__(self, value: str) -> None:
        if type(value) is not str:
            raise PickledError("its training preset is no text")
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OverfittingPreset) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((OverfittingPreset, self.value))

    def __repr__(self) -> str:
        return f"OverfittingPreset({self.value!r})"

    def __reduce__(self) -> tuple[type[OverfittingPreset], tuple[str]]:
        return OverfittingPreset, (self.value,)


class StoredDtype:
    """A dtype as a pickle writes it: `dtype("f4", False, True)`, then its byte order."""

    def __init__(self, code: object = None, *_: object) -> None:
        if type(code) is not str or code not in _NUMBERS:
            found = ascii(code[:40]) if type(code) is str else "no text"
            raise PickledError(f"it holds an array of {found}, which are no numbers")
        self.code = code
        self._order: _Order = "="

    def set_state(self, state: object) -> None:
        """Take what the pickle adds to a dtype."""
        # (version, byte order, sub-array, names, fields, size, alignment, flags)
        if (
            type(state) is not tuple
            or len(state) < 5
            or type(state[1]) is not str
            or state[1] not in _ORDERS
            or any(part is not None for part in state[2:5])
        ):
            raise PickledError("it holds an array of a structured type")
        self._order = _ORDERS[state[1]]

    def to_numpy(self) -> np.dtype[Any]:
        """Return the dtype of one number."""
        return np.dtype(self.code).newbyteorder(self._order)


class StoredArray:
    """An array as a pickle writes it: an empty one, then its state."""

    def __init__(self, *_: object) -> None:
        self.state: tuple[tuple[int, ...], StoredDtype, bool, bytes] | None = None

    def set_state(self, state: object) -> None:
        """Take the shape, the type and the bytes."""
        if type(state) is not tuple or len(state) != 5:
            raise PickledError("it holds an array without a state")
        _, shape, dtype, fortran, raw = state
        if (
            type(shape) is not tuple
            or not all(type(size) is int for size in shape)
            or len(shape) > _MAX_DIMENSIONS
            or type(dtype) is not StoredDtype
            or type(fortran) is not bool
            or type(raw) is not bytes
        ):
            raise PickledError("it holds an array of something else than numbers")
        if not all(0 < size <= len(raw) for size in shape) or math.prod(
            shape
        ) * dtype.to_numpy().itemsize != len(raw):
            raise PickledError(f"it holds an array whose shape does not fit its {len(raw)} bytes")
        self.state = shape, dtype, fortran, raw

    @property
    def nbytes(self) -> int:
        """Bytes that the array takes."""
        return 0 if self.state is None else len(self.state[3])

    def to_numpy(self) -> np.ndarray:
        """Return the array, in this machine's byte order."""
        if self.state is None:
            raise PickledError("it holds an array without a state")
        shape, dtype, fortran, raw = self.state
        if dtype.code == "b1":  # numpy counts on it that a truth is 0 or 1
            raw = np.not_equal(np.frombuffer(raw, np.uint8), 0).tobytes()
        array = np.frombuffer(raw, dtype.to_numpy()).reshape(shape, order="F" if fortran else "C")
        return array.astype(dtype.code)


class _ByReference(pickle._Pickler):
    """The pickler in Python: the one in C insists on importing what it refers to."""

    # The library's types do not know the pickler in Python.
    write: Callable[[bytes], object]
    memoize: Callable[[object], object]

    def save_global(self, obj: object, name: str | None = None) -> None:
        if obj is OverfittingPreset:
            self.write(pickle.GLOBAL + "\n".join((*PRESET_GLOBAL, "")).encode())
            self.memoize(obj)
        else:
            super().save_global(obj, name)  # type: ignore[misc]


class ReferencePickle:
    """What `torch.save` takes for a pickle module; writes the preset as a reference to Distill."""

    Pickler = _ByReference
