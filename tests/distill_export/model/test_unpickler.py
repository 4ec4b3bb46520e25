from __future__ import annotations

import math
import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable

import pytest

from distill_export.model import unpickler
from distill_export.model.pickled import PickledError
from distill_export.model.unpickler import Function, Unpickler
from tests.distill_export.model.effort import in_time
from tests.fuzz.pickle_writer import START, named, scalar, text, whole


def ordered_dict(arguments: tuple[object, ...]) -> OrderedDict[str, object]:
    return OrderedDict()


def joined(arguments: tuple[object, ...]) -> str:
    return "".join(map(str, arguments))


NAMES = {"collections.OrderedDict": Function(ordered_dict), "it.join": Function(joined)}


def load(program: bytes) -> object:
    return Unpickler(program, NAMES, lambda identity: ("stored", identity)).load()


def refusal(program: bytes) -> str:
    with pytest.raises(PickledError) as caught:
        in_time(lambda: load(program))
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 200
    return message


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"a": [1, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), 2**63, -(2**2000)]},
        [True, False, 0.5, -math.inf, 1e-310],
        ("", "ä", "x" * 300, "\ud83d\ude00", "\udce9", "雨"),
        [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((((),),),)],
        {"b": {}, "c": [], "d": {1: "one", 4095: "last"}, "": None},
        {str(i): i for i in range(1000)},
        list(range(3000)),
    ],
)
def test_what_python_pickles_is_read(value: object) -> None:
    for make in (pickle.dumps, pickle._dumps):  # type: ignore[attr-defined]
        assert repr(load(make(value, 2))) == repr(value)


def test_what_was_one_value_stays_one() -> None:
    shared: list[object] = [1]
    loop: list[object] = [shared, shared]
    loop.append(loop)
    read = load(pickle.dumps(loop, 2))
    assert isinstance(read, list)
    assert read[0] is read[1]
    assert read[2] is read


def test_functions_and_what_lies_outside() -> None:
    program = named("it", "join") + text("a") + whole(7) + b"\x86R"
    assert load(START + program + b".") == "a7"
    assert load(START + text("x") + b"Q.") == ("stored", "x")
    ordered = named("collections", "OrderedDict") + b")R(" + text("a") + b"Nu"
    read = load(START + ordered + b"}" + text("_metadata") + b"Nsb.")
    assert read == OrderedDict(a=None)
    assert not vars(read)


BROKEN = {
    "nothing": b"",
    "no end": START + b"N",
    "nothing left": START + b".",
    "two left": START + b"NN.",
    "a mark left": START + b"(N.",
    "more after the end": START + b"N.N",
    "an end in a mark": START + b"N(.",
    "half a number": START + b"J\1\2",
    "half a float": START + b"G\1\2",
    "half a text": START + b"X\5\0\0\0abc",
    "a text without a length": START + b"X\5\0",
    "a text of 4 GB": START + b"X\xff\xff\xff\xff",
    "a name without an end": START + b"cos\nsystem",
    "a name of many letters": START + b"c" + b"x" * 10**6 + b"\ny\n.",
    "a long without a length": START + b"\x8a",
    "half a long": START + b"\x8a\5a",
    "a text that is no UTF-8": START + b"X\1\0\0\0\xff.",
    "an empty stack": START + b"\x85.",
    "half a pair": START + b"N\x86.",
    "a call of nothing": START + b"R.",
    "a mark that is not there": START + b"Nt.",
    "an append to a number": START + b"K\1Na.",
    "an append to a tuple": START + b")Na.",
    "appends to a dict": START + b"}(Ne.",
    "keys for a list": START + b"](" + text("a") + b"Nu.",
    "a key without a value": START + b"}(" + text("a") + b"u.",
    "a call of a text": START + text("a") + b")R.",
    "a call with a list": START + named("it", "join") + b"]R.",
    "a state for a list": START + b"]}b.",
    "a state for a function": START + named("it", "join") + b"}b.",
    "a memory of the future": START + b"h\0.",
    "a memory far away": START + b"Nr\xff\xff\xff\xff.",
    "a memory of nothing": START + b"q\0.",
    "a second protocol": START + START + b"N.",
}


@pytest.mark.parametrize("program", BROKEN.values(), ids=BROKEN.keys())
def test_broken_programs(program: bytes) -> None:
    refusal(program)


def test_instructions_that_no_model_needs() -> None:
    assert "the instruction POP, which" in refusal(START + b"N0.")
    assert "the instruction LONG4, which" in refusal(START + b"\x8b\1\0\0\0\1.")
    assert "the instruction EMPTY_SET, which" in refusal(START + b"\x8f.")
    assert "the instruction 0xff, which" in refusal(START + b"\xff.")
    known = {bytes([code]) for code in range(256)} - {b"."}
    accepted = {code for code in known if "which no model" not in refusal(START + code)}
    allowed = b"N\x88\x89KMJG\x8aX(t)\x85\x86\x87]ae}suqrhjcRbQ"
    imports = b"\x81\x82\x83\x84\x92\x93io"  # refused as wanting to run code
    assert b"".join(sorted(accepted)) == bytes(sorted(allowed + imports))
    for code in imports:
        assert "it wants to run code" in refusal(START + bytes([code]))


def test_names_that_are_not_allowed() -> None:
    assert refusal(START + named("os", "system") + b".") == "it wants to run code (os.system)"
    assert "(it.join.x)" in refusal(START + named("it", "join.x") + b".")
    assert "(it.)" in refusal(START + named("it", "") + b".")
    assert "1b[31m" in refusal(START + b"c\x1b[31m\nx\n.")
    for protocol in (0, 1, 3, 4, 5):
        assert "wants to run code" in refusal(pickle.dumps(print, protocol))
        assert "not of protocol 2" in refusal(pickle.dumps([1], protocol))


DEEP: dict[str, Callable[[int], bytes]] = {
    "tuples": lambda levels: b"N" + b"\x85" * levels,
    "lists": lambda levels: b"]" * levels + b"a" * (levels - 1),
    "dicts": lambda levels: (b"}" + text("a")) * levels + b"N" + b"s" * levels,
    "marks": lambda levels: b"(" * levels + b"t" * levels,
    "calls": lambda levels: named("it", "join") * levels + b")" + b"R" * levels,
}


@pytest.mark.parametrize("make", DEEP.values(), ids=DEEP.keys())
@pytest.mark.parametrize("levels", [10_000, 1_000_000])
def test_deep_values_cost_no_more_than_their_length(
    make: Callable[[int], bytes], levels: int
) -> None:
    try:
        in_time(lambda: load(START + make(levels) + b"."))
    except PickledError as reason:
        assert "more work than" in str(reason) or "calls something else" in str(reason)


def laughs(levels: int) -> bytes:
    """A tuple of two that are tuples of two, and so on."""
    return b"K\1q\0" + b"h\0\x86q\0" * levels


KEYS: dict[str, tuple[bytes, str]] = {
    "a tuple that shares itself": (laughs(30), "keys are neither"),
    "a deep tuple": (b"N" + b"\x85" * 50_000, "keys are neither"),
    "a float": (scalar(0.5), "keys are neither"),
    "a truth": (b"\x88", "keys are neither"),
    "nothing": (b"N", "keys are neither"),
    "a list": (b"]", "keys are neither"),
    "a function": (named("it", "join"), "keys are neither"),
    "a negative number": (whole(-1), "a number above 4096 for a key"),
    "a large number": (whole(4096), "a number above 4096 for a key"),
    "a huge number": (whole(2**2000), "a number above 4096 for a key"),
    "a long text": (text("k" * 1001), "a key of 1001 letters"),
}


@pytest.mark.parametrize(("key", "message"), KEYS.values(), ids=KEYS.keys())
def test_keys_that_are_not_hashed(key: bytes, message: str) -> None:
    assert message in refusal(START + b"}" + key + b"Ns.")
    assert message in refusal(START + b"}(" + text("a") + b"N" + key + b"Nu.")
    assert message in refusal(START + named("collections", "OrderedDict") + b")R" + key + b"Ns.")


def test_equal_keys_are_compared_quickly() -> None:
    pair = b"".join(text("k" * 1000) + b"q" + bytes([i]) for i in range(2))
    program = START + b"}" + pair + b"00}" + b"h\0Nsh\1Ns" * 50_000 + b"."
    refusal(program)
    keys = START + b"](" + pair + b"}(" + b"h\0Nh\1N" * 100_000 + b"ue."
    assert isinstance(in_time(lambda: load(keys)), list)


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpickler, "MAX_WORK", 100)
    assert load(START + b"](" + b"N" * 70 + b"e.") == [None] * 70
    assert "more work than 100 steps" in refusal(START + b"](" + b"N" * 100 + b"e.")
    assert "more work than 100 steps" in refusal(START + b"](" + b"]" * 12 + b"e.")


COSTLY = {
    "nothing": b"N",
    "dicts": b"}",
    "texts": text(""),
    "numbers": b"\x8a\xff" + b"\x55" * 255,
    "tuples": b"N\x85",
    "marks": b"(t",
    "floats": b"G" + bytes(8),
    "calls": named("collections", "OrderedDict") + b")R",
    "keys": b"}" + text("a") + b"Ns",
    "what lies outside": b"NQ",
    "memories": b"Nq\0",
}


@pytest.mark.parametrize("step", COSTLY.values(), ids=COSTLY.keys())
def test_the_largest_pickle_takes_no_longer_than_its_steps(step: bytes) -> None:
    program = START + step * (16 * 2**20 // len(step))
    assert "more work than" in refusal(program) or "damaged" in refusal(program)


def test_every_unfinished_count_is_refused_at_once() -> None:
    for code in b"XTB\x8b\x8d\x8e\x95\x96Urj":
        for count in (2**31, 2**32 - 1, 2**63):
            refusal(START + bytes([code]) + struct.pack("<Q", count) + b".")
