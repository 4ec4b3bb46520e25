"""What a pickle has made, once it is known to be plain and of a bearable size."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

import torch

from distill_export.model.pickled import OverfittingPreset, PickledError, StoredArray
from distill_export.model.stored_tensors import StoredTensor
from distill_export.model.unpickler import Function

MAX_DEPTH = 64
MAX_SIZE = 16 * 2**20

_SIZE_PER_BYTE = 16  # a key of ten letters that is shared takes two bytes
_SCALARS = (bool, int, float, type(None))


class PlainValues:
    """Dicts, lists and tuples of numbers, texts, arrays and tensors, the last two not yet read.

    A few nested lists that share their parts stand for billions of values, and whoever prints or
    compares them would never end. So their size is what they would be if nothing were shared: one
    for each value, one for each letter and for each byte of an array.

    Args:
        value: What the pickle has made.
        pickle_bytes: Bytes of the pickle, which the size is bounded by.

    Raises:
        PickledError: It is nested too deeply, too large, or holds something else.
    """

    def __init__(self, value: object, pickle_bytes: int) -> None:
        self._value = value
        self._max_size = min(_SIZE_PER_BYTE * pickle_bytes, MAX_SIZE)
        self._array_bytes_left = pickle_bytes
        self._judged: dict[int, tuple[int, int]] = {}
        self._judge(value, 0)

    def with_tensors(self, read: Callable[[StoredTensor], torch.Tensor]) -> Any:
        """Return the values, with numpy's arrays, and with what `read` returns for a tensor."""
        return _Conversion(read).value(self._value)

    def _judge(self, value: object, depth: int) -> tuple[int, int]:
        """Return the size of a value and how many levels are nested in it."""
        if id(value) not in self._judged:
            if depth > MAX_DEPTH:
                raise PickledError("its values are nested without end")
            size = 1 + (value.nbytes if isinstance(value, StoredArray) else 0)
            height = 0
            for part in self._parts(value):
                kind = type(part)
                if kind is str:
                    size += 1 + len(part)
                elif kind in _SCALARS:
                    size += 1
                else:
                    part_size, part_height = self._judge(part, depth + 1)
                    size, height = size + part_size, max(height, part_height + 1)
            self._judged[id(value)] = size, height
        size, height = self._judged[id(value)]
        if depth + height > MAX_DEPTH:
            raise PickledError("its values are nested without end")
        if size > self._max_size:
            raise PickledError("its values stand for more than the file has room for")
        return size, height

    def _parts(self, value: Any) -> Iterable[Any]:
        kind = type(value)
        if kind in (dict, OrderedDict):
            return itertools.chain(value.keys(), value.values())
        if kind in (list, tuple):
            return value
        if kind is OverfittingPreset:
            return (value.value,)
        if kind is str or kind in _SCALARS or kind is StoredTensor:
            return ()
        if kind is StoredArray:
            self._array_bytes_left -= value.nbytes
            if self._array_bytes_left < 0:
                raise PickledError("its arrays hold more than its pickle has")
            return ()
        what = "function" if kind is Function else kind.__name__
        raise PickledError(f"it holds a {what}, which no model does")


class _Conversion:
    """Puts arrays and tensors into their places; what was one value stays one."""

    def __init__(self, read: Callable[[StoredTensor], torch.Tensor]) -> None:
        self._read = read
        self._done: dict[int, Any] = {}

    def value(self, value: Any) -> Any:
        kind = type(value)
        if kind is str or kind in _SCALARS or kind is OverfittingPreset:
            return value
        if id(value) not in self._done:
            self._done[id(value)] = self._parts(value)
        return self._done[id(value)]

    def _parts(self, value: Any) -> Any:
        kind = type(value)
        if kind in (dict, OrderedDict):
            return kind((key, self.value(item)) for key, item in value.items())
        if kind in (list, tuple):
            return kind(map(self.value, value))
        return self._read(value) if kind is StoredTensor else value.to_numpy()
