"""Values in a pickle that are hostile: deep, shared, large, hard to hash, of impossible sizes."""

from __future__ import annotations

import math
import random

from tests.fuzz.model_base import model_entries
from tests.fuzz.pickle_writer import (
    Raw,
    array,
    dtype,
    encoded,
    named,
    rebuilt,
    scalar,
    storage,
    text,
    whole,
)

_MAX_BYTES = 3 * 2**20


def deep(random: random.Random) -> Raw:
    """Values in values: up to a million levels."""
    levels = random.choice([10, 60, 63, 64, 65, 100, 1000, 10_000, 100_000, 1_000_000])
    fewer = min(levels, 100_000)
    leaf = random.choice([b"N", b"]", text("x")])
    ordered = named("collections", "OrderedDict")
    start = ordered + b"q\0)R" + text("a") + b"q\1"
    return Raw(
        random.choice(
            [
                leaf + b"\x85" * levels,
                leaf + b"K\0\x86" * levels,
                b"]" * levels + leaf + b"a" * levels,
                b"]" * fewer + leaf + b"\x85a" * fewer,
                b"(" * levels + leaf + b"t" * levels,
                (b"}" + text("a")) * fewer + leaf + b"s" * fewer,
                start + b"h\0)Rh\1" * (fewer - 1) + leaf + b"s" * fewer,
                ordered * fewer + b")" + b"R" * fewer,
            ]
        )
    )


def shared(random: random.Random) -> Raw:
    """Values that hold themselves twice over, thirty times, or that hold themselves."""
    levels = random.choice([5, 10, 20, 30, 40, 60, 63, 64, 200, 5000])
    put, get = b"q\0", b"h\0"
    width = random.choice([2, 2, 3, 10, 100, 50_000])
    numbers = array((250,), dtype("f4"), b"Ab1!" * 250)
    leaf = random.choice([b"N", b"]", text("ha"), text("h" * 10_000), whole(2**2000), numbers])
    kind = random.choice(["tuple", "pair", "list", "dict", "ordered", "loop", "dict loop", "keys"])
    if kind == "pair":
        return Raw(leaf + put + (get + b"\x86" + put) * levels)
    if kind == "keys":
        return Raw(b"}" + leaf + put + (get + b"\x86" + put) * levels + b"Ns")
    if kind == "loop":
        return Raw(b"]" + put + b"(" + get * width + b"e")
    if kind == "dict loop":
        return Raw(b"}" + put + text("a") + get + b"s")
    items = b"".join(text(chr(97 + i % 26)) + get for i in range(min(width, 26)))
    levels = min(levels, _MAX_BYTES // (3 * width))
    level = {
        "tuple": b"(" + get * width + b"t",
        "list": b"](" + get * width + b"e",
        "dict": b"}(" + items + b"u",
        "ordered": named("collections", "OrderedDict") + b")R(" + items + b"u",
    }[kind]
    return Raw(b"(" + leaf + put + (level + put) * levels + b"t")


def keys(random: random.Random) -> Raw:
    """Keys that are hard to hash or to compare, and many of them."""
    count = random.choice([1, 10, 1000, 100_000])
    kind = random.randrange(7)
    if kind == 0:  # whose hashes are equal
        made = (whole(i * (2**61 - 1)) for i in range(min(count, 20_000)))
    elif kind == 1:  # whose lowest bits are
        made = (whole(i << 16) for i in range(count))
    elif kind == 2:
        made = (whole(i) for i in range(count))
    elif kind == 3:  # equal, but not the same
        long = text("k" * random.choice([10, 900, 100_000]))
        made = (long for _ in range(min(count, _MAX_BYTES // len(long))))
    elif kind == 4:
        made = (scalar(any_scalar(random)) for _ in range(min(count, 1000)))
    elif kind == 5:
        made = (text(f"{i:05x}") for i in range(count))
    else:
        made = iter([random.choice([b")", b"]", b"N", b"]\x85", encoded(b"ab"), scalar(math.nan)])])
    if random.random() < 0.5:
        return Raw(b"}(" + b"".join(key + b"N" for key in made) + b"u")
    return Raw(b"}" + b"".join(key + b"Ns" for key in made))


def tensors(random: random.Random) -> Raw:
    """Tensors whose sizes, strides, places and storages are as they should not be."""
    numbers = [0, 0, 1, 1, 2, 16, 100, 2**15, 2**31, 2**40, 2**62, 2**63, 2**64, 2**2000, -1]
    kind = random.choice(["FloatStorage"] * 4 + ["LongStorage", "BoolStorage", "UntypedStorage"])
    key = random.choice(["0", "0", "1", "999", "", "../data.pkl", "0\0", "00"])
    stored = len(model_entries().get(f"data/{key}", b"")) // 4
    length = stored if random.random() < 0.8 else random.choice([*numbers, stored + 1])
    place = storage(kind, key, random.choice(["cpu", "cpu", "cuda:0", "meta", "x"]), length)
    dimensions = random.choice([0, 1, 1, 2, 3, 8, 9, 70])
    shape = tuple(random.choice([*numbers, stored, 1, 1]) for _ in range(dimensions))
    stride = tuple(random.choice([*numbers, 0, 1]) for _ in range(dimensions))
    offset = random.choice([0, 0, 0, 1, stored, *numbers])
    hooks = random.choice([b"", b"", b"N", b"}" + text("a") + named("os", "system") + b"s"])
    made = rebuilt(place, offset, shape, stride, hooks)
    if random.random() < 0.2:  # a storage many times over
        index = b"\0"
        again = rebuilt(b"h" + index, 0, (stored,), (1,))
        count = random.choice([2, 50, 2000])
        return Raw(b"](" + place + b"q" + index + again * count + b"e")
    return Raw(random.choice([made, made, made, place, place + b"\x85", made + b")b"]))


def arrays(random: random.Random) -> Raw:
    """Arrays whose type, shape and bytes are as they should not be."""
    codes = ["f4", "f8", "f2", "i8", "b1", "O8", "V8", "U1", "M8", "c16", "f16", "f4,f4", "x" * 999]
    kind = dtype(random.choice([*codes, "f4", "f4"]), random.choice(["<", ">", "|", "=", "?", ""]))
    content = random.choice([b"", b"A" * 8, b"A" * 64, "A" * 63 + "\u0100", "A" * 100_000])
    sizes = [0, 1, 2, 8, 16, 25_000, 2**31, 2**63, 2**2000, -1, len(content) // 4]
    shape = tuple(random.choice(sizes) for _ in range(random.choice([0, 1, 1, 2, 9, 40])))
    made = array(shape, kind, content)
    if random.random() < 0.2:  # the same bytes again and again
        start = named("numpy", "ndarray") + b"q\0" + dtype("f4") + b"q\1" + encoded(b"A" * 40_000)
        again = b"h\0)R(K\1" + whole(10_000) + b"\x85h\1\x89h\2tb"
        return Raw(start + b"q\2" + b"\x87](" + again * random.choice([2, 1000]) + b"e\x86")
    return Raw(made[: len(made) - random.choice([0, 0, 0, 1, 2, 10])])


def codecs(random: random.Random) -> Raw:
    """Texts through codecs, which are slow, or many times."""
    names = ["latin1", "idna", "punycode", "utf-7", "rot13", "zlib", "bz2", "hex", "uu", "mbcs"]
    size = random.choice([1, 100, 100_000, 2_000_000])
    letters = random.choice(["a", "\u0660", "\xe9", "\u0100"])
    made = encoded(letters * (size // len(letters.encode())), random.choice(names))
    if random.random() < 0.3:
        content = named("_codecs", "encode") + b"q\0" + text("a" * size) + b"q\1"
        again = b"h\0h\1" + text("latin1") + b"\x86R"
        return Raw(content + b"\x86](" + again * random.choice([2, 10_000]) + b"e\x86")
    return Raw(made)


def values(random: random.Random) -> Raw:
    """Return a plain value that is not the one expected."""
    return Raw(any_value(random, random.choice([0, 1, 3])))


def large(random: random.Random) -> Raw:
    """Much of something: the most that a file may ask for, and more."""
    count = random.choice([1000, 100_000, 400_000])
    step = random.choice(
        [b"N", b")", b"]", b"}", b"(t", b"\x8a\1\1", b"G" + bytes(8), text(""), b"N\x85", b"Nq\0"]
    )
    return Raw(b"](" + step * min(count, _MAX_BYTES // len(step)) + b"e")


def any_value(random: random.Random, depth: int) -> bytes:
    if not depth or random.random() < 0.3:
        return scalar(any_scalar(random))
    parts = [any_value(random, depth - 1) for _ in range(random.choice([0, 1, 2, 5]))]
    kind = random.randrange(4)
    if kind == 0:
        return b"](" + b"".join(parts) + b"e"
    if kind == 1:
        return b"(" + b"".join(parts) + b"t"
    if kind == 2:
        return array((2,), dtype(random.choice(["f4", "i8", "b1"])), b"A" * random.choice([8, 16]))
    named_parts = (text(any_text(random)[:50]) + part for part in parts)
    return b"}(" + b"".join(named_parts) + b"u"


def any_scalar(random: random.Random) -> bool | int | float | str | None:
    return random.choice(
        [
            None,
            True,
            False,
            random.choice([0, 1, -1, 2, 16, 48_000, 2**31, 2**53, 2**63, -(2**63), 2**2000]),
            random.choice([0.0, -0.0, 1e-300, 1e300, math.inf, -math.inf, math.nan, 0.5]),
            any_text(random),
        ]
    )


def any_text(random: random.Random) -> str:
    return random.choice(
        ["", "a", "format", "distill_model", "model_state_dict", "decoder.fc.weight", "\ud800",
         "\x1b[31mred\x07", "line\nline\r", "\u202e", "latin1", "a" * 999, "é" * 100_000, "\0",
         "decoder.deconvs.\u0669.weight", "encoder.", "decoder.deconvs." + "9" * 900 + ".weight"]
    )  # fmt: skip
