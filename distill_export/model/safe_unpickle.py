"""Reading what `torch.save` wrote into plain values, without running anything the file says.

A pickle is a program: it names functions and calls them. So neither Python nor PyTorch is given
the file. It must be a zip archive as PyTorch writes it, of a bearable size, and our own reader is
the only one that opens it (`stored_zip`). Its program is run by a machine that can do nothing but
make values (`unpickler`), which are plain, of bounded depth and, written out, of bounded size. All
that is known before the first weight is read.
"""

from __future__ import annotations

import io
import re
import stat
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch

from distill_export.model.pickled import (
    PRESET_GLOBAL,
    OverfittingPreset,
    PickledError,
    StoredArray,
    StoredDtype,
)
from distill_export.model.plain_values import PlainValues
from distill_export.model.stored_tensors import STORAGES, TENSOR_FOLDER, StoredTensors
from distill_export.model.unpickler import PROTOCOL, Arguments, Function, Unpickler
from distill_runtime.errors import DependencyError, ModelFileError
from distill_runtime.files.shown import shown
from distill_runtime.files.stored_zip import ZIP_START, Entry, StoredZip, StoredZipError

MAX_BYTES = 4 * 2**30
MAX_PICKLE_BYTES = 16 * 2**20  # without the weights, which lie beside it; 20 kB is usual
MAX_OTHER_BYTES = 4096  # of an entry that is neither, as the format's version
PICKLE_PROTOCOL = PROTOCOL  # what a model file is to be saved with
# Reading weights as PyTorch does could corrupt memory before (CVE-2026-24747), and run code before
# 2.6. It does not read this file, but what is made of it and other files of the same process.
MIN_TORCH = (2, 10)

Judge = Callable[[Any], object]

_PROGRAM, _BYTE_ORDER = "data.pkl", "byteorder"
_PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
# ModelProto: field 1, ir_version, a small number; then another field with a number up to 25.
_ONNX_START = re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x28\x32\x3a\x42\x72\xa2\xca]", re.DOTALL)


def read_file(path: Path, judge: Judge | None = None) -> Any:
    """Read a file written by `torch.save`; see `read_stream`.

    Raises:
        ModelFileError: There is no such file, or it is none that a model could be read from.
        DependencyError: The installed PyTorch is too old to read a file safely.
    """
    path = Path(path)
    name = shown(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ModelFileError(f"{name} is a folder: give the path of a model file")
        if not stat.S_ISREG(status.st_mode):  # opening a fifo would wait for a writer
            raise ModelFileError(f"{name} is no regular file")
        with path.open("rb") as stream:
            return read_stream(stream, name, judge)
    except ModelFileError:
        raise
    except FileNotFoundError:
        raise ModelFileError(f"{name} does not exist") from None
    except ValueError as reason:  # a NUL in the path
        raise ModelFileError(f"{name!r} is no path: {reason}") from None
    except OSError as reason:
        raise ModelFileError(f"{name} cannot be read: {reason.strerror or reason}") from None


def read_stream(stream: BinaryIO, name: str, judge: Judge | None = None) -> Any:
    """Read what `torch.save` wrote: dicts, lists and tuples of numbers, texts, arrays, tensors.

    Args:
        stream: The file, open for reading in binary and able to seek.
        name: What complaints call the file.
        judge: Gets the same values before any weight is read, with tensors on the meta device,
            and raises an error if there is no point in reading on.

    Raises:
        ModelFileError: The file is something else, is damaged, or would run code.
        DependencyError: The installed PyTorch is too old to read a file safely.
    """
    _check_torch()
    _check_start(stream, name, stream.seek(0, io.SEEK_END))
    try:
        archive = StoredZip.read(stream)
        entries = archive.in_one_folder()
        _check_entries(entries, name)
        return _read_values(archive, entries, judge)
    except StoredZipError as reason:
        raise ModelFileError(
            f"{name} is damaged or cut off, or PyTorch did not write it: {reason}"
        ) from None
    except PickledError as reason:
        raise ModelFileError(f"{name} was refused: {reason}") from None
    except MemoryError:
        raise ModelFileError(f"{name} needs more memory than there is") from None


def _check_torch() -> None:
    found = re.match(r"(\d+)\.(\d+)", str(torch.__version__))
    if found is None or tuple(map(int, found.groups())) < MIN_TORCH:
        wanted = ".".join(map(str, MIN_TORCH))
        raise DependencyError(
            f"torch {torch.__version__} cannot read model files safely: install torch >= {wanted}"
        )


def _check_start(stream: BinaryIO, name: str, size: int) -> None:
    stream.seek(0)
    start = stream.read(16)
    if not start:
        raise ModelFileError(f"{name} is empty")
    if start.startswith(ZIP_START):
        if size > MAX_BYTES:
            raise ModelFileError(f"{name} has {size} bytes, more than the {MAX_BYTES} of any model")
    elif name.lower().endswith(".onnx") or _ONNX_START.match(start):
        raise ModelFileError(f"{name}: this is an ONNX artifact; play it with distill-run")
    elif start.startswith(_PICKLE_STARTS):
        raise ModelFileError(f"{name} is a bare pickle, which is not safe to read: save it again")
    else:
        raise ModelFileError(f"{name} is no model file: it is not a zip archive")


def _check_entries(entries: Mapping[str, Entry], name: str) -> None:
    program = entries.get(_PROGRAM)
    if program is None:
        raise ModelFileError(f"{name} is a zip archive, but holds no model")
    if "constants.pkl" in entries:
        raise ModelFileError(f"{name} is a TorchScript archive, not a model file")
    if program.size > MAX_PICKLE_BYTES:
        raise ModelFileError(f"{name} was refused: its pickle has {program.size} bytes")
    for other, entry in entries.items():
        is_small = entry.size <= MAX_OTHER_BYTES or other == _PROGRAM
        if not is_small and not other.startswith(TENSOR_FOLDER):
            raise ModelFileError(
                f"{name} was refused: its entry {other[:80]!a} has {entry.size} bytes"
            )


def _read_values(archive: StoredZip, entries: Mapping[str, Entry], judge: Judge | None) -> Any:
    program = archive.content(entries[_PROGRAM])
    tensors = StoredTensors(archive, entries, _byte_order(archive, entries))
    names: dict[str, object] = {
        ".".join(PRESET_GLOBAL): Function(_preset),
        "_codecs.encode": Function(_Encoder(len(program))),
        "collections.OrderedDict": Function(_ordered_dict),
        "numpy.dtype": Function(lambda arguments: StoredDtype(*arguments[:1])),
        "numpy.ndarray": Function(_array),
        "numpy._core.multiarray._reconstruct": Function(_array),  # numpy 2
        "numpy.core.multiarray._reconstruct": Function(_array),  # numpy 1
        "torch._utils._rebuild_tensor_v2": Function(tensors.tensor),
        **STORAGES,
    }
    values = PlainValues(Unpickler(program, names, tensors.storage).load(), len(program))
    tensors.check_rest()
    if judge is not None:
        judge(values.with_tensors(tensors.outline))
    return values.with_tensors(tensors.read)


def _byte_order(archive: StoredZip, entries: Mapping[str, Entry]) -> str:
    entry = entries.get(_BYTE_ORDER)
    if entry is None:
        return "little"
    order = archive.content(entry) if entry.size <= len("little") else b""
    if order not in (b"little", b"big"):
        raise PickledError("its byte order is neither little nor big")
    return order.decode("ascii")


class _Encoder:
    """Stands for `codecs.encode`, by which a pickle of protocol 2 makes bytes of a text.

    Args:
        limit: Of the bytes made in all; each has its letter in the pickle.
    """

    def __init__(self, limit: int) -> None:
        self._left = limit

    def __call__(self, arguments: Arguments) -> bytes:
        if (
            len(arguments) != 2
            or type(arguments[0]) is not str
            or type(arguments[1]) is not str
            or arguments[1] != "latin1"
        ):
            raise PickledError("it wants a text codec other than latin1")
        self._left -= len(arguments[0])
        if self._left < 0:
            raise PickledError("it makes more bytes than its pickle has")
        try:
            return arguments[0].encode("latin1")
        except UnicodeEncodeError:
            raise PickledError("it holds bytes that are none") from None


def _preset(arguments: Arguments) -> OverfittingPreset:
    if len(arguments) != 1:
        raise PickledError("its training preset is not one text")
    return OverfittingPreset(arguments[0])


def _ordered_dict(arguments: Arguments) -> OrderedDict[Any, Any]:
    if arguments:
        raise PickledError("it makes a dict of something")
    return OrderedDict()


def _array(_: Arguments) -> StoredArray:
    return StoredArray()
