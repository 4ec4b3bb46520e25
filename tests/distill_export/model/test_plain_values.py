from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch

from distill_export.model.pickled import OverfittingPreset, PickledError, StoredArray, StoredDtype
from distill_export.model.plain_values import MAX_DEPTH, PlainValues
from distill_export.model.stored_tensors import StoredStorage, StoredTensor
from distill_export.model.unpickler import Function
from distill_runtime.files.stored_zip import Entry
from tests.distill_export.model.effort import in_time

TENSOR = StoredTensor(StoredStorage(Entry("data/0", 0, 8, 0), torch.float32, 2), 0, (2,), (1,))


def plain(value: object, pickle_bytes: int = 1000) -> Any:
    values = PlainValues(value, pickle_bytes)
    return values.with_tensors(lambda tensor: torch.zeros(tensor.shape))


def array(raw: bytes = b"\0\0\x80?") -> StoredArray:
    stored = StoredArray()
    stored.set_state((1, (len(raw) // 4,), StoredDtype("f4"), False, raw))
    return stored


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_plain_values_stay_what_they_are() -> None:
    value = {"a": [1, 0.5, None, True, "x"], "b": (OverfittingPreset("a"), ()), 3: OrderedDict(c=1)}
    read = plain(value)
    assert read == value
    assert type(read[3]) is OrderedDict


def test_arrays_and_tensors_are_put_in() -> None:
    stored = array()
    read = plain({"arrays": [stored, stored], "tensors": (TENSOR, TENSOR)})
    np.testing.assert_array_equal(read["arrays"][0], np.ones(1, "f4"))
    assert read["arrays"][0] is read["arrays"][1]
    assert read["tensors"][0] is read["tensors"][1]
    assert read["tensors"][0].shape == (2,)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"x", "it holds a bytes"),
        ({1, 2}, "it holds a set"),
        (Function(print), "it holds a function"),
        (torch.float32, "it holds a dtype"),
        (TENSOR.storage, "it holds a StoredStorage"),
        (StoredDtype("f4"), "it holds a StoredDtype"),
        (StoredArray(), "array without a state"),
        (1j, "it holds a complex"),
    ],
)
def test_what_is_not_plain(value: object, message: str) -> None:
    for held in (value, [value], {"a": (1, value)}):
        with pytest.raises(PickledError, match=message):
            plain(held)


def test_depth_counts_through_what_is_shared() -> None:
    deepest = MAX_DEPTH + 1  # the outermost lies at depth 0
    assert plain(nested(deepest)) == nested(deepest)
    with pytest.raises(PickledError, match="nested without end"):
        plain(nested(deepest + 1))
    with pytest.raises(PickledError, match="nested without end"):
        plain(nested(200_000))
    half = nested(MAX_DEPTH // 2 + 10)
    deeper: Any = half
    for _ in range(MAX_DEPTH // 2):
        deeper = [deeper]
    assert plain([half, 1])
    with pytest.raises(PickledError, match="nested without end"):
        plain([half, deeper])
    loop: list[Any] = [1]
    loop.append(loop)
    with pytest.raises(PickledError, match="nested without end"):
        plain(loop)


@pytest.mark.parametrize("kind", [list, tuple, dict])
def test_size_counts_as_if_nothing_were_shared(kind: type) -> None:
    def pair(value: Any) -> Any:
        return {"a": value, "b": value} if kind is dict else kind((value, value))

    value: Any = pair("ha")
    for _ in range(8):
        value = pair(value)
    assert plain(value, 2**20) == value
    for _ in range(40):
        value = pair(value)
    with pytest.raises(PickledError, match="more than the file has room for"):
        in_time(lambda: plain(value, 2**20), most=0.5)


def test_size_is_bounded_by_the_files_own() -> None:
    text = "x" * 1000
    assert plain([text] * 100, pickle_bytes=10_000)
    with pytest.raises(PickledError, match="more than the file has room for"):
        plain([text] * 100, pickle_bytes=1000)
    with pytest.raises(PickledError, match="more than the file has room for"):
        plain(["x" * 2**20] * 17, pickle_bytes=2**24)
    for large in (array(bytes(400)), OverfittingPreset("x" * 400)):
        assert plain([large] * 30, pickle_bytes=1000)
        with pytest.raises(PickledError, match="more than the file has room for"):
            plain([large] * 50, pickle_bytes=1000)


def test_arrays_that_share_their_bytes_are_not_copied_without_end() -> None:
    raw = bytes(400)
    assert plain([array(raw), array(raw)], pickle_bytes=1000)
    with pytest.raises(PickledError, match="arrays hold more"):
        plain([array(raw) for _ in range(3)], pickle_bytes=1000)
