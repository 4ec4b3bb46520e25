from __future__ import annotations

import collections
import os
import pickle
import re
import socket
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distill_export.model import safe_unpickle
from distill_export.model.file import load_model
from distill_export.model.pickled import OverfittingPreset
from distill_export.model.safe_unpickle import read_file
from distill_runtime.errors import ModelFileError
from tests.distill_export import model_files
from tests.distill_export.model_files import refusal, write_program


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(6, dtype="f4").reshape(2, 3)),
        np.arange(6, dtype=">f8").reshape(2, 3)[:, ::-1],
        np.array(7, dtype="i8"),
        np.array([True, False]),
        np.arange(4, dtype="f2"),
    ],
)
def test_arrays_of_any_number_are_read(array: np.ndarray, tmp_path: Path) -> None:
    read = read_file(model_files.write({"array": array}, tmp_path / "array.pt"))["array"]
    np.testing.assert_array_equal(read, array)
    assert read.dtype == array.dtype.newbyteorder("=")


def cut(share: float) -> Callable[[bytes], bytes]:
    return lambda whole: whole[: int(len(whole) * share)]


def flip(whole: bytes) -> bytes:
    middle = len(whole) // 2
    return whole[:middle] + bytes([whole[middle] ^ 0x10]) + whole[middle + 1 :]


ONNX_START = b"\x08\x0a\x12\x07pytorch\x1a\x062.13.0"
NO_MODELS: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "empty": ("m.distill", lambda _: b"", "is empty"),
    "one byte": ("m.distill", cut(1e-4), "no model file|damaged"),
    "half": ("m.distill", cut(0.5), "damaged or cut off"),
    "nearly whole": ("m.distill", cut(0.99), "damaged or cut off"),
    "a flipped bit": ("m.distill", flip, "fails its checksum"),
    "random": ("m.distill", lambda _: np.random.default_rng(1).bytes(4096), "not a zip archive"),
    "text": ("m.distill", lambda _: b"hello\n", "not a zip archive"),
    "ONNX by name": ("m.ONNX", lambda _: b"whatever", "ONNX artifact; play it with distill-run"),
    "ONNX by content": ("m.distill", lambda _: ONNX_START, "ONNX artifact; play it with"),
    "bare pickle": ("m.pt", lambda _: pickle.dumps({"format": "distill_model"}), "bare pickle"),
}


@pytest.mark.parametrize(("name", "spoil", "message"), NO_MODELS.values(), ids=NO_MODELS.keys())
def test_files_that_are_no_models(
    model_path: Path, name: str, spoil: Callable[[bytes], bytes], message: str
) -> None:
    path = model_path.with_name(name)
    path.write_bytes(spoil(model_path.read_bytes()))
    assert re.search(message, refusal(path))


def test_paths_that_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "does not exist" in refusal(tmp_path / "missing.distill")
    assert "does not exist" in refusal(tmp_path / "missing.onnx")
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "file").touch()
    assert "cannot be read" in refusal(tmp_path / "file" / "m.distill")
    with pytest.raises(ModelFileError, match="is no path"):
        load_model("nul\0.distill")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "fifo")
        assert "is no regular file" in refusal(tmp_path / "fifo")
    if Path("/dev/zero").exists():
        assert "is no regular file" in refusal(Path("/dev/zero"))
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # the address of a socket has to be short
        server.bind("socket")
        assert "is no regular file" in refusal(tmp_path / "socket")


def test_a_file_without_permission(model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "cannot be read: Permission denied" in refusal(model_path)


def test_other_zip_archives(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "is a zip archive, but holds no model" in refusal(path)
    with zipfile.ZipFile(path, "w"):
        pass
    assert "not a zip archive" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps({}, 2))
        archive.writestr("b/data.pkl", pickle.dumps({}, 2))
    assert "holds no model" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps({}, 2))
        archive.writestr("a/constants.pkl", pickle.dumps((), 2))
    assert "TorchScript" in refusal(path)


def test_a_legacy_file_of_torch(tmp_path: Path) -> None:
    path = tmp_path / "legacy.pt"
    torch.save({"x": torch.zeros(1)}, path, _use_new_zipfile_serialization=False)
    assert "bare pickle" in refusal(path)


def test_a_file_beyond_the_limit(model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_unpickle, "MAX_BYTES", 10_000)
    assert "more than the 10000 of any model" in refusal(model_path)


def test_an_archive_that_swells(tmp_path: Path) -> None:
    path = tmp_path / "bomb.distill"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}, 2))
        archive.writestr("archive/data/0", bytes(2**22))
    assert "is packed, which PyTorch does with nothing" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", bytes(2**24 + 1))
    assert "its pickle has 16777217 bytes" in refusal(path)


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self.reduced = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.reduced


def touching(marker: Path) -> dict[str, object]:
    """Values that touch the marker when they are unpickled."""
    touch = f"__import__('pathlib').Path({str(marker)!r}).touch()"
    hidden = np.empty(1, dtype=object)
    hidden[0] = Call(eval, touch)
    inside = model_files.model_content()
    inside["metadata"]["tags"] = [{"deep": (Call(eval, touch),)}]
    weights = {"decoder.fc.weight": Call(eval, f"{touch} or __import__('torch').zeros(1)")}
    hook = Call(
        torch._utils._rebuild_parameter_with_state, torch.zeros(1), True, {}, Call(eval, touch)
    )
    return {
        "os.system": Call(os.system, f"touch {marker}"),
        "eval": Call(eval, touch),
        "exec": Call(exec, touch),
        "inside a model": inside,
        "among the weights": {"format": "distill_model", "model_state_dict": weights},
        "an array of objects": {"latent_analysis": {"pca_mean": hidden}},
        "a method": Call(marker.touch),
        "a pickle in a pickle": Call(pickle.loads, pickle.dumps(Call(eval, touch), 2)),
        "torch's hook": hook,
        "an ordered dict of a call": collections.OrderedDict(a=Call(eval, touch)),
    }


@pytest.mark.parametrize("protocol", [0, 1, 2, 4, 5])
@pytest.mark.parametrize("kind", touching(Path("marker")).keys())
def test_code_in_a_file_is_refused_and_not_run(tmp_path: Path, kind: str, protocol: int) -> None:
    marker = tmp_path / "marker"
    program = pickle.dumps(touching(marker)[kind], protocol)
    path = write_program(program, tmp_path / "m.distill")
    # An array of objects is refused for what it is, before it comes to the object.
    expected = "wants to run code|an array of 'O8'"
    assert re.search(expected, refusal(path))
    assert re.search(expected, refusal(path, load_model))
    assert not marker.exists()
    path.write_bytes(program)
    refusal(path)
    assert not marker.exists()
    pickle.loads(program)  # the trap works: whoever runs the program is noticed
    assert marker.exists()


def test_the_message_names_what_was_to_be_run(tmp_path: Path) -> None:
    program = pickle.dumps(Call(os.system, "true"), 2)
    path = write_program(program, tmp_path / "m.distill")
    assert refusal(path).endswith(f"was refused: it wants to run code ({os.name}.system)")
    # Nor may a file write to the terminal by what it names.
    program = b"\x80\x02c\x1b[31mos\nsystem\x07\n)R."
    message = refusal(write_program(program, tmp_path / "m.distill"))
    assert message.isprintable()


PROGRAMS = {
    "INST": b"(S'true'\nios\nsystem\n.",
    "OBJ": b"\x80\x02(cos\nsystem\nX\x04\x00\x00\x00trueo.",
    "EXT1": b"\x80\x02\x82\x01.",
    "torch.load": b"\x80\x02ctorch.serialization\nload\nX\x01\x00\x00\x00x\x85R.",
    "torch.hub.load": b"\x80\x02ctorch.hub\nload\n)R.",
    "numpy.load": b"\x80\x02cnumpy\nload\nX\x01\x00\x00\x00x\x85R.",
    "builtins getattr": b"\x80\x02c__builtin__\ngetattr\n)R.",
    "bytearray": b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
    "a rebuild that calls": b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n)R.",
    "a dotted name": b"\x80\x02cnumpy\nndarray.tofile\n)R.",
    "the enum's module": b"\x80\x02cdistill.training.config\nos\n.",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_other_ways_to_name_a_function(tmp_path: Path, program: bytes) -> None:
    assert "wants to run code" in refusal(write_program(program, tmp_path / "m.distill"))


def loop() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def laughs() -> list[Any]:
    """Nested so that the lists would stand for 2**200 values."""
    value: list[Any] = ["ha"]
    for _ in range(200):
        value = [value, value]
    return value


ABUSES: dict[str, tuple[object, str]] = {
    "objects at addresses": (
        Call(np.ndarray, (1,), np.dtype("O"), b"\x41" * 8),
        "array of 'O8'",
    ),
    "an array of objects": (np.array([{}], dtype=object), "array of 'O8'"),
    "objects in a field": (np.zeros(1, [("a", "O")]), "array of 'V8'"),
    "a structure": (np.zeros(1, [("a", "f4")]), "array of 'V4'"),
    "texts": (np.array(["a"]), "array of 'U1'"),
    "dates": (np.array(["2026-01-01"], "M8[D]"), "array of 'M8'"),
    "an array without content": (Call(np.ndarray, (2**40,)), "array without a state"),
    "no text for a preset": (Call(OverfittingPreset, 3), "preset is no text"),
    "a loop": (loop(), "nested without end"),
    "laughs": (laughs(), "nested without end"),
    "a class": (OverfittingPreset, "holds a function"),
    "bytes": (b"abc", "holds a bytes"),
    "a dtype": (np.dtype("f4"), "holds a StoredDtype"),
    "keys that are no names": ({(1, 2): 3}, "keys are neither"),
    "a tensor from nothing": (torch.zeros(1).expand(10**6, 10**6), "exceeds the file"),
}


@pytest.mark.parametrize(("value", "message"), ABUSES.values(), ids=ABUSES.keys())
def test_allowed_names_cannot_be_abused(tmp_path: Path, value: object, message: str) -> None:
    assert message in refusal(model_files.write({"value": value}, tmp_path / "m.distill"))


NDARRAY, DTYPE = b"cnumpy\nndarray\n", b"cnumpy\ndtype\n"
FLOATS = DTYPE + b"X\x02\x00\x00\x00f4\x85R"
PRESET = b"cdistill.training.config\nOverfittingPreset\n"
EIGHT = b"c_codecs\nencode\nX\x08\x00\x00\x00AAAAAAAAX\x06\x00\x00\x00latin1\x86R"
STORAGE = b"(X\x07\x00\x00\x00storagectorch\n%s\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n("
CRAFTED = {
    "a dtype that becomes another": DTYPE + b"X\x02\x00\x00\x00f4\x85R(K\x03X\x01\x00\x00\x00O"
    b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ftb",
    "a dtype with a field": DTYPE + b"X\x02\x00\x00\x00f4\x85R(K\x03X\x01\x00\x00\x00<N"
    b"X\x01\x00\x00\x00a\x85}K\x08K\x08K\x3ftb",
    "a dtype without a code": NDARRAY + b")R(K\x01K\x02\x85" + DTYPE + b")\x81\x89" + EIGHT + b"tb",
    "fewer bytes than the shape": NDARRAY + b")R(K\x01K\x03\x85" + FLOATS + b"\x89" + EIGHT + b"tb",
    "a negative size": NDARRAY
    + b")R(K\x01J\xfe\xff\xff\xffJ\xff\xff\xff\xff\x86"
    + FLOATS
    + b"\x89"
    + EIGHT
    + b"tb",
    "a list for bytes": NDARRAY + b")R(K\x01K\x02\x85" + FLOATS + b"\x89]tb",
    "an array not initialised": NDARRAY + b")\x81",
    "a preset not initialised": PRESET + b")\x81",
    "a preset with a state": PRESET + b"X\x01\x00\x00\x00a\x85R}X\x05\x00\x00\x00valueNsb",
    "a storage of dicts": (STORAGE % b"FloatStorage").replace(
        b"ctorch\nFloatStorage", b"ccollections\nOrderedDict"
    ),
    "a storage alone": STORAGE % b"FloatStorage",
    "a storage beyond its record": (STORAGE % b"FloatStorage").replace(b"K\x04tQ", b"M\xff\xfftQ"),
    "another persistent id": b"(X\x06\x00\x00\x00moduleK\x01tQ",
    "a tensor beyond its storage": TENSOR
    + STORAGE % b"FloatStorage"
    + b"K\x00J\xff\xff\xff\x0f\x85K\x01\x85\x89N"
    + b"ccollections\nOrderedDict\n)RtR",
    "an unknown step": b"\x96",
    "too little on the stack": b"R",
    "text that is no UTF-8": b"X\x02\x00\x00\x00\xff\xfe",
}


@pytest.mark.parametrize("program", CRAFTED.values(), ids=CRAFTED.keys())
def test_crafted_programs_are_refused(tmp_path: Path, program: bytes) -> None:
    refusal(write_program(b"\x80\x02" + program + b".", tmp_path / "m.distill"))


def test_a_crafted_program_may_be_right(tmp_path: Path) -> None:
    program = NDARRAY + b")R(K\x01K\x02\x85" + FLOATS + b"\x89" + EIGHT + b"tb"
    program = b"\x80\x02" + program + b"."
    read = read_file(write_program(program, tmp_path / "m.distill", stored=None))
    np.testing.assert_array_equal(read, struct.unpack("=2f", b"A" * 8))


@pytest.mark.parametrize("protocol", [0, 1, 3, 4])
def test_other_protocols(tmp_path: Path, protocol: int) -> None:
    path = write_program(pickle.dumps({"format": 1}, protocol), tmp_path / "m.distill")
    assert "its pickle is not of protocol 2" in refusal(path)
