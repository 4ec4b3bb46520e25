"""What can be done to a JSON document, and to its bytes, to make it a bad one.

A change takes a document, chance, and all good documents by what they are; it changes the document
and returns it, or another one in its place.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

from tests.fuzz.json_writer import Pairs, Raw

Draw = random.Random
Holder = dict[str, Any] | list[Any]
Others = dict[str, dict[str, Any]]

LETTERS = (
    *("\0", "\x1b[31m", "\n", "\r\n", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ufffd"),
    *("é", "é", "日本", "\U0001f3b5", "İ", "ß", "ﬁ", "/", "\\", "..", "../../x", "C:\\x", "'", '"'),
    *("a" * 300, "b" * 5000, " ", "CON", "nul.onnx", ".", "-", "~", "${HOME}", "%s", "{}", "true"),
)
RAW = (
    *("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "-0", "-0.0", "01", "0x10"),
    *("1E+2", "1.", ".5", "+1", "1_000", "1e", "--1", "9" * 4300, "9" * 4301, "9" * 100_000),
    *("1" + "0" * 400, "1e99999999999", "0." + "3" * 20_000, "tru", "None", "undefined", "'a'"),
    *(
        '"\\ud800"',
        '"\\udce9"',
        '"\\udfff\\ud800"',
        '"\\x"',
        '"\\u12"',
        '"\t"',
        '"\x00"',
        '"',
        "//",
    ),
    *("[1,]", "{,}", "[", "{", "]", "}", "", ",", "[[", "{}{}", "/* */ 1", "1 // one", '"\\u0000"'),
)
NUMBERS = (
    *(0, 1, -1, 2, 15, 16, 17, 100, 255, 256, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32),
    *(2**53, 2**63, 2**64, -(2**31), -(2**63), 10**100, 0.5, -0.5, 1.5, 1e-300, 1e300, 5e-324),
    *(1e9, 1e20, 0.1, 1.7976931348623157e308, 48_000, 44_100, 96_000, 48_000.5, 3.9999999999999996),
)
TEXTS = (
    *("", "mono", "mid-side", "dual-seed", "stereo", "crossfade", "latent", "audio", "wav", "mp3"),
    *(
        "int8",
        "float16",
        "cuda",
        "learned",
        "refined",
        "distill.recipe",
        "distill.preset",
        "32-bit",
    ),
    *("PC1", "Loudness", "0", "-1", "1e5", "9" * 30, "rain-1", "format", "presets", "generation"),
)


def places(value: Any) -> list[tuple[Holder, Any]]:
    """Return every value in a document as what holds it and its key or number there."""
    found: list[tuple[Holder, Any]] = []
    left = [value]
    while left:
        holder = left.pop()
        if isinstance(holder, dict):
            keys: list[Any] = list(holder)
        elif isinstance(holder, list) and not isinstance(holder, Pairs):
            keys = list(range(min(len(holder), 12)))
        else:
            continue
        for key in keys:
            found.append((holder, key))
            left.append(holder[key])
    return found


def _somewhere(document: Any, random: Draw) -> tuple[Holder, Any] | None:
    found = places(document)
    return random.choice(found) if found else None


def _put(document: Any, random: Draw, value: Any) -> Any:
    """Put a value in the place of another, which may be the document itself."""
    place = _somewhere(document, random)
    if place is None or random.random() < 0.02:
        return value
    place[0][place[1]] = value
    return document


def another_number(document: Any, random: Draw, others: Others) -> Any:
    return _put(document, random, random.choice(NUMBERS))


def another_text(document: Any, random: Draw, others: Others) -> Any:
    return _put(document, random, random.choice(TEXTS))


def strange_letters(document: Any, random: Draw, others: Others) -> Any:
    text = "".join(random.choices(LETTERS, k=random.randrange(1, 4)))
    return _put(document, random, text)


def not_json(document: Any, random: Draw, others: Others) -> Any:
    return _put(document, random, Raw(random.choice(RAW)))


def another_type(document: Any, random: Draw, others: Others) -> Any:
    values: tuple[Any, ...] = (
        None,
        True,
        False,
        [],
        {},
        [[]],
        [None],
        {"": None},
        [0],
        "0",
        0,
        0.0,
    )
    return _put(document, random, copy.deepcopy(random.choice(values)))


def a_number_as_text_or_otherwise(document: Any, random: Draw, others: Others) -> Any:
    place = _somewhere(document, random)
    if place is None:
        return document
    holder, key = place
    value = holder[key]
    if isinstance(value, bool | None) or not isinstance(value, int | float):
        holder[key] = [value]
    else:
        holder[key] = random.choice(
            (str(value), float(value), -value, value + 1, value * 10, [value], Raw(f"{value}e0"))
        )
    return document


def nested_deeply(document: Any, random: Draw, others: Others) -> Any:
    depth = random.choice((2, 10, 100, 990, 1001, 5000, 100_000))
    start, end = random.choice((("[", "]"), ('{"a":', "}")))
    inner = random.choice(("1", "", "[]", "{}"))
    return _put(document, random, Raw(start * depth + inner + end * depth))


def very_long(document: Any, random: Draw, others: Others) -> Any:
    count = random.choice((100, 5000, 100_000))
    values = (
        lambda: [random.choice(NUMBERS)] * count,
        lambda: [{}] * count,
        lambda: "x" * count,
        lambda: {f"{number}": number for number in range(min(count, 20_000))},
        lambda: ["\ud800"] * min(count, 5000),
    )
    return _put(document, random, random.choice(values)())


def a_field_less(document: Any, random: Draw, others: Others) -> Any:
    place = _somewhere(document, random)
    if place is not None:
        place[0].pop(place[1])
    return document


def a_field_more(document: Any, random: Draw, others: Others) -> Any:
    for holder, key in random.sample(found := places(document), len(found)):
        inner = holder[key]
        if isinstance(inner, dict):
            inner[random.choice((*TEXTS, *LETTERS))] = random.choice(NUMBERS)
            break
        if isinstance(inner, list) and not isinstance(inner, Pairs):
            inner.append(random.choice((*NUMBERS, *TEXTS)))
            break
    return document


def a_field_twice(document: Any, random: Draw, others: Others) -> Any:
    objects = [document, *(holder[key] for holder, key in places(document))]
    objects = [value for value in objects if isinstance(value, dict) and value]
    if not objects:
        return document
    chosen = random.choice(objects)
    key = random.choice(list(chosen))
    twice = Pairs([*chosen.items(), (key, random.choice((None, 1, "x", chosen[key])))])
    return _replaced(document, chosen, twice)


def a_field_of_another_name(document: Any, random: Draw, others: Others) -> Any:
    place = _somewhere(document, random)
    if place is not None and isinstance(place[0], dict):
        holder, key = place
        names = (key.upper(), f"{key} ", f"{key}\0", key[:-1], key + key, random.choice(LETTERS))
        value = holder.pop(key)
        holder[random.choice(names)] = value
    return document


def two_fields_swapped(document: Any, random: Draw, others: Others) -> Any:
    found = places(document)
    if len(found) > 1:
        (one, key), (other, other_key) = random.sample(found, 2)
        one[key], other[other_key] = copy.deepcopy(other[other_key]), copy.deepcopy(one[key])
    return document


def a_part_of_another_document(document: Any, random: Draw, others: Others) -> Any:
    other = others[random.choice(list(others))]
    holder, key = random.choice(places(other))
    return _put(document, random, copy.deepcopy(holder[key]))


def marks_of_another_document(document: Any, random: Draw, others: Others) -> Any:
    if isinstance(document, dict):
        other = others[random.choice(list(others))]
        for key in ("format", "version", "presets", "generation"):
            if key in other and random.random() < 0.6:
                document[key] = copy.deepcopy(other[key])
    return document


def another_root(document: Any, random: Draw, others: Others) -> Any:
    return random.choice(([document], [], "x", 1, None, Raw(""), {"": document}, Raw("[" * 50_000)))


def _replaced(document: Any, old: Any, new: Any) -> Any:
    if document is old:
        return new
    for holder, key in places(document):
        if holder[key] is old:
            holder[key] = new
    return document


def cut_off(content: bytes, random: Draw) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def other_bytes(content: bytes, random: Draw) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 8))):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def bytes_in_between(content: bytes, random: Draw) -> bytes:
    place = random.randrange(len(content) + 1)
    piece = random.choice(
        (b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"//", b" ")
    )
    return content[:place] + piece + content[place:]


def another_encoding(content: bytes, random: Draw) -> bytes:
    text = content.decode("utf-8", "replace")
    return random.choice(
        (
            text.encode("utf-16"),
            text.encode("utf-32"),
            b"\xef\xbb\xbf" + content,
            b"\xef\xbb\xbf" * 2 + content,
            text.encode("latin-1", "replace"),
        )
    )


def followed_by_more(content: bytes, random: Draw) -> bytes:
    return content + random.choice((b"\0", b"{}", b"x", b"\n" * 10_000, content, b" " * 2**20))


CHANGES: tuple[Callable[[Any, Draw, Others], Any], ...] = (
    another_number,
    another_number,
    another_text,
    strange_letters,
    strange_letters,
    not_json,
    another_type,
    a_number_as_text_or_otherwise,
    nested_deeply,
    very_long,
    a_field_less,
    a_field_more,
    a_field_twice,
    a_field_of_another_name,
    two_fields_swapped,
    a_part_of_another_document,
    marks_of_another_document,
    another_root,
)
DAMAGES: tuple[Callable[[bytes, Draw], bytes], ...] = (
    cut_off,
    other_bytes,
    bytes_in_between,
    another_encoding,
    followed_by_more,
)
