"""Pickles that name what is not theirs to name, and call it."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from typing import Any

from tests.fuzz.case import CANARY
from tests.fuzz.pickle_writer import Raw, named, text, whole

_TOUCH = f"open({CANARY!r}, 'w').close()"

NAMES = [
    ("os", "system"),
    ("posix", "system"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("builtins", "getattr"),
    ("builtins", "bytearray"),
    ("builtins", "set"),
    ("builtins", "complex"),
    ("__builtin__", "eval"),
    ("subprocess", "Popen"),
    ("functools", "partial"),
    ("operator", "attrgetter"),
    ("pickle", "loads"),
    ("pathlib", "Path.touch"),
    ("collections", "Counter"),
    ("collections", "OrderedDict"),
    ("collections", "OrderedDict.fromkeys"),
    ("_codecs", "encode"),
    ("_codecs", "decode"),
    ("numpy", "ndarray"),
    ("numpy", "ndarray.tofile"),
    ("numpy", "dtype"),
    ("numpy", "memmap"),
    ("numpy", "load"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("torch", "FloatStorage"),
    ("torch", "UntypedStorage"),
    ("torch", "QInt8Storage"),
    ("torch", "Size"),
    ("torch", "device"),
    ("torch", "Tensor"),
    ("torch.hub", "load"),
    ("torch.serialization", "load"),
    ("torch.serialization", "_get_layout"),
    ("torch._utils", "_rebuild_tensor"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_tensor_v3"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_parameter_with_state"),
    ("torch._utils", "_rebuild_qtensor"),
    ("torch._utils", "_rebuild_sparse_tensor"),
    ("torch._utils", "_rebuild_nested_tensor"),
    ("torch._utils", "_rebuild_meta_tensor_no_storage"),
    ("torch._utils", "_rebuild_wrapper_subclass"),
    ("torch._utils", "_rebuild_device_tensor_from_numpy"),
    ("torch._tensor", "_rebuild_from_type_v2"),
    ("torch.nn.parameter", "Parameter"),
    ("torch.sparse", "FloatTensor"),
    ("distill.training.config", "OverfittingPreset"),
    ("distill.training.config", "os"),
    ("distill_export.model.pickled", "StoredArray"),
]


def calls(random: random.Random) -> Raw:
    """Name something and call it, by one of the ways that a pickle has."""
    module, name = random.choice(NAMES)
    argument = random.choice(
        [text(_TOUCH), text(f"touch {CANARY}"), text(CANARY), b")", b"]", whole(2**31 - 1), b"N"]
    )
    way = random.randrange(8)
    name_of = named(module, name)
    if way in (0, 1, 2):
        arguments = random.choice([argument + b"\x85", b")", argument, argument * 2 + b"\x86"])
        made = name_of + arguments + b"R"
    elif way == 3:
        made = name_of + b")\x81" + argument + b"b"
    elif way == 4:
        made = text(module) + text(name) + b"\x93" + argument + b"\x85R"
    elif way == 5:
        made = b"(" + argument + f"i{module}\n{name}\n".encode()
    elif way == 6:
        made = b"(" + name_of + argument + b"o"
    else:
        made = random.choice(
            [b"\x82\1", b"\x83\1\0", b"\x84\1\0\0\0", name_of, name_of + b")}\x92"]
        )
    if random.random() < 0.2:
        made += b"}" + text("__class__") + argument + b"sb"
    return Raw(made)


class _Call:
    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self._reduced = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self._reduced


def pythons(random: random.Random) -> bytes:
    """Return what Python's own pickler makes of a call, in any protocol."""
    value: object = _Call(eval, _TOUCH)
    value = random.choice([value, [value], {"format": value}, (value, 1), {"a": {"b": value}}])
    return pickle.dumps(value, random.randrange(6))
