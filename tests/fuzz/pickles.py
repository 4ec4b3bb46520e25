"""Model files whose pickle is hostile: programs, values, names, sizes and tensors.

Most are a whole model with something hostile in one place, so that it is reached; others are
nothing else.
"""

from __future__ import annotations

import itertools
import pickletools
import random
import struct
from collections.abc import Callable, Iterator
from functools import cache

from tests.fuzz.case import Case, draws
from tests.fuzz.model_base import model_content, model_entries
from tests.fuzz.pickle_calls import NAMES, calls, pythons
from tests.fuzz.pickle_values import (
    any_scalar,
    any_text,
    arrays,
    codecs,
    deep,
    keys,
    large,
    shared,
    tensors,
    values,
)
from tests.fuzz.pickle_writer import START, STOP, PickleWriter, Raw, named, scalar, text
from tests.fuzz.zip_writer import archive_of

_MAX_BYTES = 3 * 2**20


def case(seed: int, index: int) -> Case:
    """Return one model file with something hostile in it."""
    random = draws(seed, index)
    kind = random.choice(KINDS)
    entries = dict(model_entries())
    made = kind(random)
    if isinstance(made, Raw):
        made = _placed(made, random, entries)
    entries["data.pkl"] = made
    if random.random() < 0.02:
        entries["byteorder"] = random.choice([b"big", b"middle", b"", b"little\n"])
    return Case(kind.__name__, ".distill", archive_of(entries).to_bytes())


def cases(seed: int) -> Iterator[Case]:
    """Yield model files without end."""
    return (case(seed, index) for index in itertools.count())


def _placed(made: Raw, random: random.Random, entries: dict[str, bytes]) -> bytes:
    """Put a value into a model, for another one or beside it, or let it be all."""
    content = model_content()
    inner = content
    while random.random() < 0.8:
        dicts = [value for value in inner.values() if isinstance(value, dict) and value]
        if not dicts:
            break
        inner = random.choice(dicts)
    place = random.random()
    if place < 0.6:
        inner[random.choice(list(inner))] = made
    elif place < 0.8:
        inner["another"] = made
    elif place < 0.9:
        inner[made] = None  # as a key
    else:
        return START + made.instructions + STOP
    writer = PickleWriter()
    program = writer.program(content)
    for name in [name for name in entries if name.startswith("data/")]:
        del entries[name]
    entries.update(writer.entries)
    return program


@cache
def _steps() -> tuple[bytes, ...]:
    """Return the instructions of a model's pickle, one by one."""
    program = model_entries()["data.pkl"]
    starts = [place for _, _, place in pickletools.genops(program)]
    return tuple(program[a:b] for a, b in itertools.pairwise([*starts, len(program)]))


def mutated(random: random.Random) -> bytes:
    steps = list(_steps())
    for _ in range(random.choice([1, 1, 2, 4, 16])):
        at = random.randrange(1, len(steps))
        change = random.randrange(7)
        if change == 0:
            del steps[at]
        elif change == 1:
            steps.insert(at, random.choice(steps))
        elif change == 2:
            other = random.randrange(1, len(steps))
            steps[at], steps[other] = steps[other], steps[at]
        elif change == 3:
            steps[at] = random.choice(steps)
        elif change == 4:
            steps.insert(at, _any_instruction(random))
        elif change == 5:
            end = min(at + random.randint(1, 20), len(steps))
            steps[at:end] = steps[at:end] * random.choice([2, 10, 1000])
        else:
            steps[at] = _altered(steps[at], random)
    return b"".join(steps)[:_MAX_BYTES]


def _altered(step: bytes, random: random.Random) -> bytes:
    """Give an instruction another argument of its kind."""
    if step[:1] == b"X":
        return text(any_text(random))
    if step[:1] in b"KMJ\x8aG\x88\x89N":
        return scalar(any_scalar(random))
    if step[:1] == b"c":
        return named(*random.choice(NAMES))
    return bytes([random.randrange(256)]) + step[1:]


def spoilt(random: random.Random) -> bytes:
    program = bytearray(model_entries()["data.pkl"])
    for _ in range(random.choice([1, 1, 2, 8])):
        program[random.randrange(len(program))] = random.randrange(256)
    return bytes(program[: random.choice([len(program), random.randrange(len(program))])])


def noise(random: random.Random) -> bytes:
    start = random.choice([START, START, START, b"\x80\x04", b""])
    steps = [_any_instruction(random) for _ in range(random.choice([1, 5, 30, 300]))]
    return start + b"".join(steps) + STOP


def _any_instruction(random: random.Random) -> bytes:
    """Return an instruction, most of them ones that are known, with an argument that is read."""
    pick = random.random()
    if pick < 0.4:
        return bytes([random.choice(b"N\x88\x89)]}(tue\x85\x86\x87asRbQ0123")])
    if pick < 0.6:
        return scalar(any_scalar(random))
    if pick < 0.75:
        code = random.choice(b"qhrj")
        index = random.choice([0, 1, 5, 255, random.randrange(256)])
        return bytes([code, index]) if code in b"qh" else bytes([code]) + struct.pack("<I", index)
    if pick < 0.85:
        return named(*random.choice(NAMES))
    if pick < 0.9:
        return counted(random)
    return bytes([random.choice(pickletools.opcodes).code.encode("latin1")[0]]) + random.randbytes(
        random.choice([0, 1, 4])
    )


def counted(random: random.Random) -> bytes:
    """Return an instruction that says how many bytes follow it, and lies."""
    length = random.choice([0, 1, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63])
    code = random.choice([b"X", b"T", b"B", b"U", b"C", b"\x8a", b"\x8b", b"\x8c", b"\x8d", b"\x8e",
                          b"\x96", b"\x95"])  # fmt: skip
    layout = {b"X": "<I", b"T": "<I", b"B": "<I", b"\x8b": "<I"}.get(code, "<Q")
    if code in (b"U", b"C", b"\x8a", b"\x8c"):
        layout = "<B"
    limit = 256 ** struct.calcsize(layout)
    return code + struct.pack(layout, length % limit) + random.randbytes(random.choice([0, 9]))


def counts(random: random.Random) -> Raw:
    return Raw(counted(random))


KINDS: list[Callable[[random.Random], bytes | Raw]] = [
    mutated,
    mutated,
    mutated,
    spoilt,
    noise,
    counts,
    deep,
    shared,
    keys,
    calls,
    calls,
    pythons,
    tensors,
    tensors,
    arrays,
    codecs,
    values,
    values,
    large,
]
