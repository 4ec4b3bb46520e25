"""The tensors of a model file: described by its pickle, stored as entries beside it."""

from __future__ import annotations

import math
import sys
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from distill_export.model.pickled import PickledError
from distill_runtime.files.stored_zip import Entry, StoredZip

STORAGES = {
    "torch.BFloat16Storage": torch.bfloat16,
    "torch.BoolStorage": torch.bool,
    "torch.ByteStorage": torch.uint8,
    "torch.CharStorage": torch.int8,
    "torch.DoubleStorage": torch.float64,
    "torch.FloatStorage": torch.float32,
    "torch.HalfStorage": torch.float16,
    "torch.IntStorage": torch.int32,
    "torch.LongStorage": torch.int64,
    "torch.ShortStorage": torch.int16,
}
TENSOR_FOLDER = "data/"
_MAX_DIMENSIONS = 8
_MAX_NUMBER = 2**40  # of a size or a stride, which for a size of 1 can be anything
_MAX_EMPTY = 2**31  # numbers of a tensor that has none, were its sizes of 0 left out
_SWAPPED = {2: "u2", 4: "u4", 8: "u8"}


@dataclass(frozen=True)
class StoredStorage:
    """Numbers of one type that lie in the file one after another."""

    entry: Entry
    dtype: torch.dtype
    length: int


@dataclass(frozen=True)
class StoredTensor:
    """A tensor whose numbers have not been read: which of a storage's they are."""

    storage: StoredStorage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class StoredTensors:
    """What a pickle says of tensors, checked against the entries before any of them is read.

    All tensors together are no larger than what is stored: none repeats numbers, as a stride of 0
    would, and they do not share a storage so that a file holds more of them than bytes.

    Args:
        archive: The file.
        entries: Its entries, by their names below its folder.
        byte_order: "little" or "big", of what is stored.
    """

    def __init__(self, archive: StoredZip, entries: Mapping[str, Entry], byte_order: str) -> None:
        self._archive, self._entries = archive, entries
        self._swap = byte_order != sys.byteorder
        self._left = sum(
            entry.size for name, entry in entries.items() if name.startswith(TENSOR_FOLDER)
        )
        self._storages: dict[str, StoredStorage] = {}
        self._read: dict[str, torch.Tensor] = {}

    def storage(self, identity: object) -> StoredStorage:
        """Return the storage that `("storage", type, key, device, length)` means.

        Raises:
            PickledError: There is none like this.
        """
        if type(identity) is not tuple or len(identity) != 5:
            raise PickledError("it refers to something else than a storage")
        kind, dtype, key, device, length = identity
        if (type(kind), type(key), type(device), type(length)) != (str, str, str, int):
            raise PickledError("it refers to something else than a storage")
        entry = self._entries.get(TENSOR_FOLDER + key)
        if kind != "storage" or type(dtype) is not torch.dtype or entry is None:
            raise PickledError("it refers to a storage that the file does not have")
        if length * dtype.itemsize != entry.size:
            raise PickledError(f"a storage of {entry.size} bytes is said to have another size")
        storage = self._storages.setdefault(key, StoredStorage(entry, dtype, length))
        if storage.dtype is not dtype:
            raise PickledError("a storage is said to be of two types")
        return storage

    def tensor(self, arguments: tuple[Any, ...]) -> StoredTensor:
        """Return what the arguments of PyTorch's `_rebuild_tensor_v2` describe.

        Raises:
            PickledError: That is no tensor, or one of more numbers than are stored.
        """
        # What follows the first four says nothing that an inference needs; hooks would be code.
        if len(arguments) != 6 or type(arguments[5]) is not OrderedDict or arguments[5]:
            raise PickledError("it holds a tensor with something besides numbers")
        storage, offset, shape, stride = arguments[:4]
        if (
            type(storage) is not StoredStorage
            or type(shape) is not tuple
            or type(stride) is not tuple
            or not all(_is_size(number) for number in (offset, *shape, *stride))
            or not len(shape) == len(stride) <= _MAX_DIMENSIONS
        ):
            raise PickledError("it holds a tensor of something else than numbers")
        length = math.prod(shape)
        if length:
            steps = zip(shape, stride, strict=True)
            last = offset + sum((size - 1) * step for size, step in steps)
            fits = last < storage.length and length <= storage.length
        else:
            fits = offset <= storage.length and math.prod(map(_or_one, shape)) <= _MAX_EMPTY
        self._left -= length * storage.dtype.itemsize
        if not fits or self._left < 0:
            raise PickledError("it holds a tensor that exceeds the file")
        return StoredTensor(storage, offset, shape, stride)

    def read(self, tensor: StoredTensor) -> torch.Tensor:
        """Read a tensor; those of one storage share it.

        Raises:
            StoredZipError: What is stored does not fit its checksum.
        """
        entry, dtype = tensor.storage.entry, tensor.storage.dtype
        if entry.name not in self._read:
            self._read[entry.name] = self._read_storage(entry, dtype)
        storage = self._read[entry.name].untyped_storage()
        return torch.empty(0, dtype=dtype).set_(storage, tensor.offset, tensor.shape, tensor.stride)

    def outline(self, tensor: StoredTensor) -> torch.Tensor:
        """Return a tensor without its numbers, on PyTorch's meta device."""
        dtype = tensor.storage.dtype
        return torch.empty_strided(tensor.shape, tensor.stride, dtype=dtype, device="meta")

    def check_rest(self) -> None:
        """Refuse what is stored and belongs to no tensor, and check whatever else the file has.

        Raises:
            PickledError: There are tensors' numbers that the pickle does not refer to.
            StoredZipError: An entry does not fit its checksum.
        """
        for name, entry in self._entries.items():
            if not name.startswith(TENSOR_FOLDER):
                self._archive.check(entry)
            elif name.removeprefix(TENSOR_FOLDER) not in self._storages:
                raise PickledError("it stores numbers of no tensor")

    def _read_storage(self, entry: Entry, dtype: torch.dtype) -> torch.Tensor:
        try:
            content = torch.empty(entry.size, dtype=torch.uint8)
        except RuntimeError:  # PyTorch's, of several lines
            raise MemoryError from None
        array = content.numpy()
        self._archive.read_into(entry, array.data)
        if dtype is torch.bool:
            array.clip(max=1, out=array)  # numbers above are no truths, and no one expects them
        elif self._swap and dtype.itemsize in _SWAPPED:
            array.view(_SWAPPED[dtype.itemsize]).byteswap(inplace=True)
        return content


def _is_size(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MAX_NUMBER


def _or_one(size: int) -> int:
    return size or 1
