"""Writing pickles of protocol 2 by hand: whatever instructions, among right ones."""

from __future__ import annotations

import struct
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from distill_export.model.pickled import PRESET_GLOBAL, OverfittingPreset

START, STOP = b"\x80\x02", b"."
_STORAGES = {
    torch.float32: "FloatStorage",
    torch.float16: "HalfStorage",
    torch.float64: "DoubleStorage",
    torch.int64: "LongStorage",
    torch.uint8: "ByteStorage",
    torch.bool: "BoolStorage",
}


@dataclass(frozen=True)
class Raw:
    """Instructions that are written as they are; they should leave one value."""

    instructions: bytes


class PickleWriter:
    """Writes values; the tensors' bytes become entries."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}

    def program(self, value: object) -> bytes:
        """Return the pickle of a value, in which any part may be Raw."""
        return START + self.value(value) + STOP

    def value(self, value: Any) -> bytes:
        """Return the instructions that leave a value."""
        if isinstance(value, Raw):
            return value.instructions
        if isinstance(value, dict):
            is_ordered = type(value) is OrderedDict
            start = named("collections", "OrderedDict") + b")R" if is_ordered else b"}"
            items = b"".join(self.value(key) + self.value(item) for key, item in value.items())
            return start + b"(" + items + b"u"
        if isinstance(value, list | tuple):
            start, end = (b"](", b"e") if isinstance(value, list) else (b"(", b"t")
            return start + b"".join(map(self.value, value)) + end
        return self._leaf(value)

    def _leaf(self, value: Any) -> bytes:
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, np.ndarray):
            return array(value.shape, dtype(value.dtype.str[1:]), value.tobytes())
        if isinstance(value, OverfittingPreset):
            return named(*PRESET_GLOBAL) + self.value((value.value,)) + b"R"
        return scalar(value)

    def _tensor(self, tensor: torch.Tensor) -> bytes:
        tensor = tensor.detach().contiguous()
        key = str(len(self.entries))
        self.entries[f"data/{key}"] = tensor.view(-1).view(torch.uint8).numpy().tobytes()
        place = storage(_STORAGES[tensor.dtype], key, "cpu", tensor.numel())
        return rebuilt(place, 0, tuple(tensor.shape), tensor.stride())


def scalar(value: object) -> bytes:
    """Return the instruction for a number, a text, a truth or None."""
    if value is None:
        return b"N"
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        return whole(value)
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    assert isinstance(value, str)
    return text(value)


def whole(value: int) -> bytes:
    """Return the shortest instruction for a whole number."""
    if 0 <= value < 256:
        return b"K" + bytes([value])
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    encoded = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    if len(encoded) < 256:
        return b"\x8a" + bytes([len(encoded)]) + encoded
    return b"\x8b" + struct.pack("<i", len(encoded)) + encoded


def text(value: str | bytes) -> bytes:
    """Return the instruction for a text, of bytes if they may be no UTF-8."""
    encoded = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def named(module: str, name: str) -> bytes:
    """Return the instruction that looks up a name."""
    return b"c" + f"{module}\n{name}\n".encode()


def encoded(content: bytes | str, codec: str = "latin1") -> bytes:
    """Return the instructions by which a pickle of protocol 2 makes bytes."""
    letters = content if isinstance(content, str) else content.decode("latin1")
    return named("_codecs", "encode") + text(letters) + text(codec) + b"\x86R"


def dtype(code: str, order: str = "<") -> bytes:
    """Return numpy's instructions for a type of numbers."""
    state = b"(K\x03" + text(order) + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    return named("numpy", "dtype") + text(code) + b"\x89\x88\x87R" + state


def array(shape: tuple[int, ...], type: bytes, content: bytes | str) -> bytes:
    """Return numpy's instructions for an array."""
    sizes = b"(" + b"".join(map(whole, shape)) + b"t"
    start = named("numpy._core.multiarray", "_reconstruct") + named("numpy", "ndarray")
    return (
        start + b"K\0\x85" + text("b") + b"\x87R(K\x01" + sizes + type + b"\x89"
        + encoded(content) + b"tb"
    )  # fmt: skip


def storage(kind: str, key: str, device: str, length: int, module: str = "torch") -> bytes:
    """Return the instructions for an entry's numbers."""
    return (
        b"(" + text("storage") + named(module, kind) + text(key) + text(device) + whole(length)
        + b"tQ"
    )  # fmt: skip


def rebuilt(
    place: bytes, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], hooks: bytes = b""
) -> bytes:
    """Return PyTorch's instructions for a tensor."""
    sizes, steps = (b"(" + b"".join(map(whole, numbers)) + b"t" for numbers in (shape, stride))
    hooks = hooks or named("collections", "OrderedDict") + b")R"
    start = named("torch._utils", "_rebuild_tensor_v2")
    return start + b"(" + place + whole(offset) + sizes + steps + b"\x89" + hooks + b"tR"
