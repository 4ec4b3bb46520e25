from __future__ import annotations

import io
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distill_export.model.pickled import PickledError
from distill_export.model.safe_unpickle import read_file, read_stream
from distill_export.model.stored_tensors import StoredTensors
from distill_runtime.errors import ModelFileError
from distill_runtime.files.stored_zip import StoredZip
from tests.distill_export import model_files
from tests.fuzz.zip_writer import archive_of

FLOATS = np.arange(100, dtype="<f4")
IDENTITY = ("storage", torch.float32, "0", "cpu", 100)


def opened(byte_order: str = "little", **entries: bytes) -> StoredTensors:
    content = {"data/0": FLOATS.tobytes(), "version": b"3\n", **entries}
    archive = StoredZip.read(io.BytesIO(archive_of(content).to_bytes()))
    return StoredTensors(archive, archive.in_one_folder(), byte_order)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6.0).reshape(2, 3),
        torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1),
        torch.arange(10.0)[3:7],
        torch.arange(10.0)[::3],
        torch.zeros(0),
        torch.zeros(0, 5),
        torch.tensor(7),
        torch.tensor([True, False]),
        torch.arange(5).to(torch.uint8),
        torch.arange(5).to(torch.int16),
        torch.arange(5.0).half(),
        torch.arange(5.0).bfloat16(),
        torch.arange(5.0).double(),
        torch.full((3, 3, 3, 3), -0.0).to(memory_format=torch.channels_last),
        torch.zeros(5, requires_grad=True),
    ],
)
def test_tensors_are_the_ones_that_pytorch_reads(tensor: torch.Tensor, tmp_path: Path) -> None:
    path = model_files.write({"tensor": tensor, "beside": torch.ones(3)}, tmp_path / "t.pt")
    read, expected = (load["tensor"] for load in (read_file(path), torch.load(path)))
    assert (read.dtype, read.shape, read.stride()) == (
        expected.dtype,
        expected.shape,
        expected.stride(),
    )
    assert torch.equal(read, expected)
    assert not read.requires_grad


def test_tensors_of_one_storage_share_it(tmp_path: Path) -> None:
    whole = torch.arange(10.0)
    path = model_files.write([whole[:5], whole[5:]], tmp_path / "t.pt")
    first, second = read_file(path)
    assert first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr()
    assert second.tolist() == [5, 6, 7, 8, 9]


def test_the_other_byte_order() -> None:
    tensors = opened("big", **{"data/0": FLOATS.astype(">f4").tobytes()})
    arguments = (tensors.storage(IDENTITY), 0, (100,), (1,), False, OrderedDict())
    assert torch.equal(tensors.read(tensors.tensor(arguments)), torch.from_numpy(FLOATS))


def test_truths_are_zero_or_one() -> None:
    tensors = opened(**{"data/1": bytes([0, 1, 2, 255])})
    storage = tensors.storage(("storage", torch.bool, "1", "cpu", 4))
    tensor = tensors.read(tensors.tensor((storage, 0, (4,), (1,), False, OrderedDict())))
    assert tensor.view(torch.uint8).tolist() == [0, 1, 1, 1]


def test_an_outline_has_no_numbers() -> None:
    tensors = opened()
    arguments = (tensors.storage(IDENTITY), 10, (5, 3), (1, 5), False, OrderedDict())
    outline = tensors.outline(tensors.tensor(arguments))
    assert outline.is_meta
    assert (outline.shape, outline.stride(), outline.dtype) == ((5, 3), (1, 5), torch.float32)


@pytest.mark.parametrize(
    "identity",
    [
        None,
        (),
        0,
        ("module", torch.float32, "0", "cpu", 100),
        ("storage", torch.float32, "0", "cpu"),
        ("storage", torch.float32, "0", "cpu", 100, None),
        ("storage", None, "0", "cpu", 100),
        ("storage", dict, "0", "cpu", 100),
        ("storage", torch.float32, 0, "cpu", 100),
        ("storage", torch.float32, "1", "cpu", 100),
        ("storage", torch.float32, "../version", "cpu", 100),
        ("storage", torch.float32, "0", None, 100),
        ("storage", torch.float32, "0", "cpu", 99),
        ("storage", torch.float32, "0", "cpu", 101),
        ("storage", torch.float32, "0", "cpu", -100),
        ("storage", torch.float32, "0", "cpu", 2**70),
        ("storage", torch.float32, "0", "cpu", True),
        ("storage", torch.float32, "0", "cpu", 100.0),
        ("storage", torch.float64, "0", "cpu", 100),
        (("storage",) * 2, torch.float32, "0", "cpu", 100),
    ],
)
def test_storages_that_are_not_there(identity: object) -> None:
    with pytest.raises(PickledError):
        opened().storage(identity)


def test_a_storage_has_one_type() -> None:
    tensors = opened()
    assert tensors.storage(IDENTITY) is tensors.storage(IDENTITY)
    with pytest.raises(PickledError, match="of two types"):
        tensors.storage(("storage", torch.int32, "0", "cpu", 100))


HOOKS = OrderedDict(a=1)
BAD_TENSORS: dict[str, tuple[Any, ...]] = {
    "too few arguments": (0, (1,), (1,), False),
    "metadata": (0, (1,), (1,), False, OrderedDict(), {}),
    "hooks": (0, (1,), (1,), False, HOOKS),
    "a list for hooks": (0, (1,), (1,), False, []),
    "one too many": (0, (101,), (1,), False, OrderedDict()),
    "beyond the end": (1, (100,), (1,), False, OrderedDict()),
    "beyond the end by steps": (0, (2,), (100,), False, OrderedDict()),
    "a negative place": (-1, (1,), (1,), False, OrderedDict()),
    "a negative step": (0, (2,), (-1,), False, OrderedDict()),
    "a negative size": (0, (-2,), (1,), False, OrderedDict()),
    "steps of 0": (0, (10**6, 10**6), (0, 0), False, OrderedDict()),
    "windows": (0, (50, 50), (1, 1), False, OrderedDict()),
    "a huge size": (0, (2**70,), (1,), False, OrderedDict()),
    "a product that wraps": (0, (2**32, 2**32), (1, 1), False, OrderedDict()),
    "a huge step": (0, (1,), (2**70,), False, OrderedDict()),
    "a huge place": (2**70, (1,), (1,), False, OrderedDict()),
    "a place beyond, of nothing": (101, (0,), (1,), False, OrderedDict()),
    "huge and empty": (0, (0, 2**31, 2**31), (1, 1, 1), False, OrderedDict()),
    "fewer steps than sizes": (0, (1, 1), (1,), False, OrderedDict()),
    "nine dimensions": (0, (1,) * 9, (1,) * 9, False, OrderedDict()),
    "a list of sizes": (0, [1], [1], False, OrderedDict()),
    "a float for a size": (0, (1.0,), (1,), False, OrderedDict()),
    "a truth for a size": (0, (True,), (1,), False, OrderedDict()),
    "a size that shares itself": (0, ((1,) * 9,), (1,), False, OrderedDict()),
}


@pytest.mark.parametrize("arguments", BAD_TENSORS.values(), ids=BAD_TENSORS.keys())
def test_tensors_that_the_file_has_no_numbers_for(arguments: tuple[Any, ...]) -> None:
    tensors = opened()
    with pytest.raises(PickledError, match="tensor"):
        tensors.tensor((tensors.storage(IDENTITY), *arguments))


def test_a_tensor_of_no_storage() -> None:
    for storage in (None, "0", ("storage",), torch.zeros(1)):
        with pytest.raises(PickledError, match="something else than numbers"):
            opened().tensor((storage, 0, (1,), (1,), False, OrderedDict()))


def test_all_tensors_are_no_larger_than_what_is_stored() -> None:
    tensors = opened()
    arguments = (tensors.storage(IDENTITY), 0, (60,), (1,), False, OrderedDict())
    tensors.tensor(arguments)
    with pytest.raises(PickledError, match="exceeds the file"):
        tensors.tensor(arguments)


def test_numbers_of_no_tensor_are_not_read() -> None:
    content = archive_of({"data.pkl": b"\x80\x02}.", "data/0": bytes(64)}).to_bytes()
    with pytest.raises(ModelFileError, match="stores numbers of no tensor"):
        read_stream(io.BytesIO(content), "it")


def test_memory_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = model_files.write({"a": torch.zeros(3)}, tmp_path / "t.pt")
    empty = torch.empty

    def refuse(*sizes: Any, **options: Any) -> torch.Tensor:
        if options.get("dtype") is torch.uint8:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        return empty(*sizes, **options)

    monkeypatch.setattr(torch, "empty", refuse)
    with pytest.raises(ModelFileError, match="needs more memory than there is"):
        read_file(path)
