"""Zip archives that are damaged where readers look: headers, lists, descriptors, ends.

Much that follows from a change (places, lengths) is made to agree with it, so that it is seldom
noticed for another reason than itself.
"""

from __future__ import annotations

import itertools
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from tests.fuzz.case import Case, draws
from tests.fuzz.zip_writer import (
    DESCRIPTOR,
    ENCRYPTED,
    UTF8,
    Archive,
    Header,
    Member,
    archive_of,
    descriptor,
    local_header,
)


def case(seed: int, index: int) -> Case:
    """Return one archive of a model, a TorchScript or a pt2 artifact, with some faults."""
    random = draws(seed, index)
    kind = random.choice(sorted(_bases()))
    archive = archive_of(
        _bases()[kind],
        folder=random.choice(["archive", "rain", "größe"]),
        as_torch=random.random() < 0.5,
    )
    faults = random.sample(FAULTS, k=random.choice([0, 1, 1, 1, 2, 3]))
    for fault in faults:
        fault(archive, random)
    content = archive.to_bytes()
    label = "+".join(sorted(fault.__name__ for fault in faults)) or "whole"
    if random.random() < 0.1:
        content, label = _spoil(content, random), f"{label}+spoilt"
    return Case(label, {"model": ".distill", "script": ".ts", "program": ".pt2"}[kind], content)


def cases(seed: int) -> Iterator[Case]:
    """Yield archives without end."""
    return (case(seed, index) for index in itertools.count())


@cache
def _bases() -> dict[str, dict[str, bytes]]:
    from tests.distill_runtime.small_artifacts import METADATA
    from tests.fuzz.model_base import model_entries

    document = METADATA.to_json().encode()
    extra, tensors = "extra/distill.artifact", {"data/0": b"weights", "constants/0": b"c"}
    common = {"byteorder": b"little", "version": b"3\n", extra: document}
    script = {"data.pkl": b"p", "constants.pkl": b"q", "code/x.py": b"code", **tensors}
    program = {"models/model.json": b"{}", "data/weights/weight_0": b"w"}
    return {
        "model": model_entries(),
        "script": {**script, **common},
        "program": {**program, **common},
    }


def local_disagrees(archive: Archive, random: random.Random) -> None:
    member = random.choice(archive.members)
    _set_one(random.choice([member.local, member.central]), random)


def both_wrong(archive: Archive, random: random.Random) -> None:
    member = random.choice(archive.members)
    state = random.getstate()
    _set_one(member.local, random)
    random.setstate(state)
    _set_one(member.central, random)


def overlapping(archive: Archive, random: random.Random) -> None:
    member = random.choice(archive.members)
    if random.random() < 0.5:
        member.moved = random.choice([-64, -4, -1, 1, 4, 64, 2**31])
    else:  # an entry whose bytes are those of others
        grown = random.randint(1, 4096)
        for header in (member.local, member.central):
            header.packed += grown
            header.size += grown


def quoting(archive: Archive, random: random.Random) -> None:
    """Let an entry hold another one, header and all, which the list names as well."""
    member, inner = random.sample(archive.members, 2)
    member.content = local_header(inner.local) + inner.content + inner.descriptor
    _describe(member)


def duplicate(archive: Archive, random: random.Random) -> None:
    member = random.choice(archive.members)
    other = _copy(member)
    if random.random() < 0.7:
        other.content = random.choice([b"", b"\x80\x02}.", member.content[::-1], b"PK\x03\x04"])
        _describe(other)
    archive.members.insert(random.randrange(len(archive.members) + 1), other)


def twin(archive: Archive, random: random.Random) -> None:
    """Add a name that a careless reader takes for another: case, dots, slashes, a NUL."""
    member = random.choice(archive.members)
    other = _copy(member)
    name = member.local.name
    changes: list[Callable[[bytes], bytes]] = [
        bytes.upper,
        bytes.swapcase,
        lambda name: name.replace(b"k", "\u212a".encode()),  # the sign for kelvin
        lambda name: name.replace(b"s", "\u017f".encode()),  # a long s
        lambda name: name + b"\0x",
        lambda name: b"./" + name,
        lambda name: b"/" + name,
        lambda name: name.replace(b"/", b"//"),
        lambda name: name.replace(b"/", b"\\"),
        lambda name: name.replace(b"/", b"/x/../"),
        lambda name: name + b"/",
        lambda name: name + b" ",
        lambda name: b"other/" + name.partition(b"/")[2],
        lambda name: b"",
        lambda name: name + b"\xff",
    ]
    name = random.choice(changes)(name)
    other.local.name = other.central.name = name
    if not name.isascii() and random.random() < 0.7:
        other.local.flags |= UTF8
        other.central.flags |= UTF8
    other.content = random.choice([other.content, b"\x80\x02}.", b""])
    _describe(other)
    archive.members.insert(random.choice([0, len(archive.members)]), other)


def between(archive: Archive, random: random.Random) -> None:
    junk = random.choice(
        [b"\0", b"PK\x03\x04", random.randbytes(random.randint(1, 200)), b"\0" * 64]
    )
    place = random.choice(["before", "descriptor", "before_list", "after_list", "comment"])
    if place in ("before_list", "after_list"):
        setattr(archive.ends, place, junk)
    else:
        member = random.choice(archive.members)
        setattr(member, place, getattr(member, place) + junk)


def prefix(archive: Archive, random: random.Random) -> None:
    """Put a header that could be an archive's before the first entry, or junk."""
    first = archive.members[0]
    first.before = random.choice(
        [local_header(first.local), b"PK\x03\x04", b"\x80\x02}.", b"#!/bin/sh\n"]
    )


def suffix(archive: Archive, random: random.Random) -> None:
    end = Archive([]).to_bytes()
    archive.ends.after = random.choice([b"\0", end, b"PK\x05\x06", random.randbytes(30)])
    archive.ends.comment = random.choice([b"", b"a comment", end, b"PK\x05\x06"])
    if random.random() < 0.3:
        archive.ends.comment_length = random.choice([0, 1, 65535])


def ends(archive: Archive, random: random.Random) -> None:
    name = random.choice(
        ["count", "length", "start", "wide_count", "wide_length", "wide_start", "locator"]
    )
    setattr(archive.ends, name, random.choice([-1, 1, -46, 46, 2**16, 2**31, -(2**31), 2**40]))
    archive.ends.wide = random.random() < 0.7
    if random.random() < 0.2:
        archive.ends.disks = random.randint(1, 3)


def another_list(archive: Archive, random: random.Random) -> None:
    listed = list(archive.members)
    change = random.choice(["drop", "shuffle", "twice", "empty", "hidden"])
    if change == "drop":
        listed.pop(random.randrange(len(listed)))
    elif change == "shuffle":
        random.shuffle(listed)
    elif change == "twice":
        listed.append(random.choice(listed))
    elif change == "empty":
        listed.clear()
    else:  # the list names one that is not there
        hidden = _copy(random.choice(listed))
        hidden.place = random.choice([0, 4, 2**32 - 1])
        listed.append(hidden)
    archive.listed = listed


def packed(archive: Archive, random: random.Random) -> None:
    """Compress an entry, or say so; some would unfold to a gigabyte."""
    member = random.choice(archive.members)
    size = random.choice([len(member.content), 2**20, 2**30])
    content = member.content if size == len(member.content) else bytes(min(size, 2**22))
    press = zlib.compressobj(9, zlib.DEFLATED, -15)
    member.content = press.compress(content) + press.flush()
    for header in (member.local, member.central):
        header.method = random.choice([8, 8, 8, 0, 9, 12, 14, 93, 99])
        header.crc32, header.packed, header.size = zlib.crc32(content), len(member.content), size
    if member.descriptor:
        member.descriptor = descriptor(member)


def flags(archive: Archive, random: random.Random) -> None:
    member = random.choice(archive.members)
    bits = random.choice([ENCRYPTED, 1 << 6, 1 << 13, DESCRIPTOR, UTF8, random.getrandbits(16)])
    headers = random.choice([(member.local,), (member.central,), (member.local, member.central)])
    for header in headers:
        header.flags ^= bits


def open_numbers(archive: Archive, random: random.Random) -> None:
    """Leave an entry's numbers to a descriptor: there, missing, wrong, or of another form."""
    member = random.choice(archive.members)
    for header in (member.local, member.central):
        header.flags |= DESCRIPTOR
    member.local.crc32 = member.local.packed = member.local.size = 0
    right = descriptor(member)
    wide = struct.pack("<4sI2Q", b"PK\x07\x08", *struct.unpack_from("<4x3I", right))
    wrong = bytearray(right)
    wrong[random.randrange(len(wrong))] ^= 1 << random.randrange(8)
    member.descriptor = random.choice([right, right[4:], wide, b"", bytes(wrong)])


def extra(archive: Archive, random: random.Random) -> None:
    """Add a field to a header: 64-bit numbers, another name, padding that lies about its length."""
    member = random.choice(archive.members)
    size = len(member.content)
    fields = [
        struct.pack("<2H2Q", 1, 16, size, size),
        struct.pack("<2H3Q", 1, 24, size, size, random.choice([0, 2**40])),
        struct.pack("<2HBI", 0x7075, 5 + 16, 1, zlib.crc32(member.local.name))
        + b"archive/data.pkl",
        struct.pack("<2H", 0x4246, random.choice([0, 1, 9, 65535])),
        struct.pack("<2H", 0x4246, 4) + b"ZZZZ",
        random.randbytes(random.randint(1, 40)),
    ]
    header = random.choice([member.local, member.central])
    header.extra += random.choice(fields)
    if random.random() < 0.4:
        header.packed = header.size = 2**32 - 1


def many(archive: Archive, random: random.Random) -> None:
    """Add thousands of empty entries."""
    for number in range(random.choice([10, 100, 1000, 5000, 30_000])):
        name = b"archive/data/%d" % (10_000 + number)
        header = Header(name, 0, 0, 0)
        archive.members.append(Member(header, replace(header), b""))


FAULTS: list[Callable[[Archive, random.Random], None]] = [
    local_disagrees,
    both_wrong,
    overlapping,
    quoting,
    duplicate,
    twin,
    between,
    prefix,
    suffix,
    ends,
    another_list,
    packed,
    flags,
    open_numbers,
    extra,
    many,
]


def _set_one(header: Header, random: random.Random) -> None:
    name = random.choice(["crc32", "packed", "size", "version", "method", "time", "name"])
    if name == "name":
        header.name = random.choice(
            [b"archive/data.pkl", header.name.upper(), header.name[:-1], b"", header.name + b"x"]
        )
        return
    limit = 2**16 if name in ("version", "method", "time") else 2**32
    value = getattr(header, name)
    setattr(header, name, random.choice([0, value + 1, value ^ 1, limit - 1]) % limit)


def _describe(member: Member) -> None:
    """Let the headers say what the content is."""
    size, crc32 = len(member.content), zlib.crc32(member.content)
    member.central.size = member.central.packed = size
    member.central.crc32 = crc32
    if member.local.flags & DESCRIPTOR:
        member.local.crc32 = member.local.packed = member.local.size = 0
        member.descriptor = descriptor(member)
    else:
        member.local.size = member.local.packed = size
        member.local.crc32 = crc32


def _copy(member: Member) -> Member:
    return replace(member, local=replace(member.local), central=replace(member.central))


def _spoil(content: bytes, random: random.Random) -> bytes:
    if random.random() < 0.3:
        return content[: random.randrange(len(content))]
    spoilt = bytearray(content)
    for _ in range(random.choice([1, 1, 2, 8])):
        # Headers are few among the weights: half the changes are near the end, where the list is.
        start = random.choice([0, max(len(spoilt) - 4000, 0)])
        spoilt[random.randrange(start, len(spoilt))] = random.randrange(256)
    return bytes(spoilt)
