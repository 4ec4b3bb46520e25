"""Reading what `torch.save` wrote into plain values, without running anything the file says.

A pickle is a program: it names functions and calls them. Four barriers stand before it. The file
must be a zip archive as torch.save writes it, whole and of a bearable size. Its program may name
only what models name, or is not started. It is run by `torch.load(weights_only=True)`, with
stand-ins for all that is not PyTorch's. And what comes out may hold only plain values.
"""

from __future__ import annotations

import io
import pickletools
import re
import stat
import zipfile
from collections import OrderedDict
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import torch

from distill_export.model.pickled import ALLOWED, OverfittingPreset, StandInError, StoredArray
from distill_runtime.errors import DependencyError, ModelFileError

MAX_BYTES = 4 * 2**30
MAX_PICKLE_BYTES = 16 * 2**20  # without the weights, which lie beside it; 20 kB is usual
MAX_DEPTH = 64
PICKLE_PROTOCOL = 2
MIN_TORCH = (2, 6)  # before, weights_only could be got round (CVE-2025-32434)

_ZIP_START = b"PK\x03\x04"
_PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
# ModelProto: field 1, ir_version, a small number; then another field with a number up to 25.
_ONNX_START = re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x28\x32\x3a\x42\x72\xa2\xca]", re.DOTALL)

_STORAGES = ("BFloat16", "Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short")
_GLOBALS = {name for _, name in ALLOWED} | {
    "_codecs.encode",  # bytes
    "collections.OrderedDict",
    "torch._utils._rebuild_tensor_v2",
    *(f"torch.{kind}Storage" for kind in _STORAGES),
}
# What imports by another way than GLOBAL; torch.save never writes these.
_OTHER_IMPORTS = {"STACK_GLOBAL", "INST", "OBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4"}
_SCALARS = (bool, int, float, str, type(None))


def read_file(path: Path) -> Any:
    """Read a file written by `torch.save`; see `read_stream`.

    Raises:
        ModelFileError: There is no such file, or it is none that a model could be read from.
        DependencyError: The installed PyTorch is too old to read a file safely.
    """
    path = Path(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ModelFileError(f"{path} is a folder: give the path of a model file")
        if not stat.S_ISREG(status.st_mode):  # opening a fifo would wait for a writer
            raise ModelFileError(f"{path} is no regular file")
        with path.open("rb") as stream:
            return read_stream(stream, str(path))
    except ModelFileError:
        raise
    except FileNotFoundError:
        raise ModelFileError(f"{path} does not exist") from None
    except ValueError as reason:  # a NUL in the path
        raise ModelFileError(f"{str(path)!r} is no path: {reason}") from None
    except OSError as reason:
        raise ModelFileError(f"{path} cannot be read: {reason.strerror or reason}") from None


def read_stream(stream: BinaryIO, name: str) -> Any:
    """Read what `torch.save` wrote: dicts, lists and tuples of numbers, texts, arrays, tensors.

    Args:
        stream: The file, open for reading in binary and able to seek.
        name: What complaints call the file.

    Raises:
        ModelFileError: The file is something else, is damaged, or would run code.
        DependencyError: The installed PyTorch is too old to read a file safely.
    """
    _check_torch()
    size = stream.seek(0, io.SEEK_END)
    _check_start(stream, name, size)
    _check_program(_read_program(stream, name), name)
    stream.seek(0)
    try:
        with torch.serialization.safe_globals(list(ALLOWED)):
            content = torch.load(stream, map_location="cpu", weights_only=True)
        return _Plain(size).value(content)
    except StandInError as reason:
        raise ModelFileError(f"{name} was refused: {reason}") from None
    except Exception as reason:  # whatever a hostile file can bring about in torch
        raise ModelFileError(f"{name} is damaged: {_first_line(reason)}") from None


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
    if start.startswith(_ZIP_START):
        if size > MAX_BYTES:
            raise ModelFileError(f"{name} has {size} bytes, more than the {MAX_BYTES} of any model")
    elif name.lower().endswith(".onnx") or _ONNX_START.match(start):
        raise ModelFileError(f"{name}: this is an ONNX artifact; play it with distill-run")
    elif start.startswith(_PICKLE_STARTS):
        raise ModelFileError(f"{name} is a bare pickle, which is not safe to read: save it again")
    else:
        raise ModelFileError(f"{name} is no model file: it is not a zip archive")


def _read_program(stream: BinaryIO, name: str) -> bytes:
    """Return the pickle of an archive that is whole and does not swell when unpacked."""
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked > MAX_BYTES:
                raise ModelFileError(
                    f"{name} unpacks to {unpacked} bytes, more than the {MAX_BYTES} of any model"
                )
            names = [entry.filename for entry in entries]
            paths = [PurePosixPath(entry) for entry in names]
            programs = [p for p in paths if p.name == "data.pkl" and len(p.parts) == 2]
            if len(programs) != 1 or len(set(names)) != len(names):
                raise ModelFileError(f"{name} is a zip archive, but holds no model")
            if str(programs[0].with_name("constants.pkl")) in names:
                raise ModelFileError(f"{name} is a TorchScript archive, not a model file")
            program = archive.getinfo(str(programs[0]))
            if program.file_size > MAX_PICKLE_BYTES:
                raise ModelFileError(f"{name} is damaged: its pickle has {program.file_size} bytes")
            if damaged := archive.testzip():
                raise ModelFileError(f"{name} is damaged: {damaged!r} fails its checksum")
            return archive.read(program)
    except ModelFileError:
        raise
    except Exception as reason:  # zipfile raises half a dozen types on a broken archive
        raise ModelFileError(f"{name} is damaged or cut off: {_first_line(reason)}") from None


def _check_program(program: bytes, name: str) -> None:
    """Refuse a pickle that names anything but what models name, before it is run."""
    try:
        steps = [
            (code.name, argument)
            for code, argument, _ in pickletools.genops(program)
            if code.name in ("PROTO", "GLOBAL") or code.name in _OTHER_IMPORTS
        ]
    except Exception as reason:  # pickletools raises what its parsing stumbles on
        raise ModelFileError(f"{name} is damaged: {_first_line(reason)}") from None
    for code, argument in steps:
        if code == "PROTO":
            continue
        wanted = str(argument).replace(" ", ".") if code in ("GLOBAL", "INST") else code
        if code != "GLOBAL" or wanted not in _GLOBALS:
            raise ModelFileError(
                f"{name} wants to run code ({ascii(wanted[:60])[1:-1]}) and was refused"
            )
    if ("PROTO", PICKLE_PROTOCOL) not in steps:  # the only one that weights_only understands
        raise ModelFileError(f"{name} is no model file: its pickle is not of protocol 2")


def _first_line(reason: Exception) -> str:
    """Shorten a foreign message, of which torch's have many lines, to printable characters."""
    line = next(iter(str(reason).splitlines()), "") or type(reason).__name__
    return ascii(line[:100])[1:-1]


class _Plain:
    """Turns the stand-ins into values, and lets nothing else pass that is not plain.

    Args:
        size: Bytes of the file; a tensor that claims more is not backed by it.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        # By identity: a few nested lists that repeat each other stand for billions of values.
        self._done: dict[int, Any] = {}

    def value(self, value: Any, depth: int = 0) -> Any:
        """Return the value with its stand-ins replaced."""
        if type(value) in _SCALARS:
            return value
        if depth > MAX_DEPTH:
            raise StandInError("its values are nested without end")
        if id(value) not in self._done:
            self._done[id(value)] = self._convert(value, depth + 1)
        return self._done[id(value)]

    def _convert(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind in (dict, OrderedDict):
            if not all(type(key) in (str, int) for key in value):
                raise StandInError("it holds a dict whose keys are neither texts nor numbers")
            return kind((key, self.value(item, depth)) for key, item in value.items())
        if kind in (list, tuple):
            return kind(self.value(item, depth) for item in value)
        if kind is StoredArray:
            return value.to_numpy()
        if kind is OverfittingPreset and hasattr(value, "value"):
            return value
        if kind is torch.Tensor:
            # A stride of 0, or a storage that torch has enlarged, makes terabytes of nothing.
            if value.numel() * value.element_size() > self._size:
                raise StandInError(f"a tensor of shape {list(value.shape)} exceeds the file")
            return value
        raise StandInError(f"it holds a {kind.__name__}, which no model does")
