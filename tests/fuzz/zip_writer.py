"""Writing zip archives from their parts, every number of which can be set."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

UTF8, DESCRIPTOR, ENCRYPTED = 1 << 11, 1 << 3, 1


@dataclass
class Header:
    """What a header says of an entry; both of an entry's have these numbers."""

    name: bytes
    crc32: int
    packed: int
    size: int
    version: int = 20
    flags: int = 0
    method: int = 0
    time: int = 0
    date: int = 33
    extra: bytes = b""


@dataclass
class Member:
    """An entry: its two headers, its bytes, and what lies around it."""

    local: Header
    central: Header
    content: bytes
    before: bytes = b""
    descriptor: bytes = b""
    comment: bytes = b""
    disk: int = 0
    moved: int = 0  # bytes by which the list misses the entry
    place: int | None = None  # where the list says it is, whatever is true


@dataclass
class Ends:
    """What follows the entries, and by how much each of its numbers is wrong."""

    before_list: bytes = b""
    after_list: bytes = b""
    wide: bool = False  # with the record of 64-bit numbers
    count: int = 0
    length: int = 0
    start: int = 0
    disks: int = 0
    wide_count: int = 0
    wide_length: int = 0
    wide_start: int = 0
    locator: int = 0
    comment: bytes = b""
    comment_length: int | None = None
    after: bytes = b""


@dataclass
class Archive:
    """Members in the order of the file, and the list's order if it is another."""

    members: list[Member]
    ends: Ends = field(default_factory=Ends)
    listed: list[Member] | None = None

    def to_bytes(self) -> bytes:
        """Write it."""
        out = bytearray()
        places: dict[int, int] = {}
        for member in self.members:
            out += member.before
            places[id(member)] = len(out)
            out += local_header(member.local) + member.content + member.descriptor
        ends = self.ends
        out += ends.before_list
        start, listed = len(out), self.members if self.listed is None else self.listed
        for member in listed:
            place = places.get(id(member), 0) if member.place is None else member.place
            out += _central_header(member, place + member.moved)
        length = len(out) - start
        out += ends.after_list
        if ends.wide:
            place = len(out)
            numbers = len(listed) + ends.wide_count, length + ends.wide_length
            out += struct.pack(
                "<4sQ2H2I4Q", b"PK\x06\x06", 44, 0, 45, 0, ends.disks & 1, _u64(numbers[0]),
                _u64(numbers[0]), _u64(numbers[1]), _u64(start + ends.wide_start),
            )  # fmt: skip
            out += struct.pack("<4sIQI", b"PK\x06\x07", 0, _u64(place + ends.locator), 1)
        said = len(ends.comment) if ends.comment_length is None else ends.comment_length
        out += struct.pack(
            "<4s4H2IH", b"PK\x05\x06", ends.disks & 1, ends.disks >> 1 & 1,
            _u16(len(listed) + ends.count), _u16(len(listed) + ends.count),
            _u32(length + ends.length), _u32(start + ends.start), said,
        )  # fmt: skip
        return bytes(out + ends.comment + ends.after)


def archive_of(
    entries: Mapping[str, bytes], *, folder: str = "archive", as_torch: bool = False
) -> Archive:
    """Return an archive without fault, as Python's zipfile writes it or as PyTorch does."""
    members = []
    place = 0
    for name, content in entries.items():
        encoded = f"{folder}/{name}".encode()
        size = len(content)
        header = Header(encoded, zlib.crc32(content), size, size)
        member = Member(header, replace(header), content)
        if as_torch:
            flags = UTF8 | (DESCRIPTOR if content else 0)
            for side in (member.local, member.central):
                side.version, side.flags, side.date = 0, flags, 0
            padding = -(place + 34 + len(encoded)) % 64
            member.local.extra = struct.pack("<2H", 0x4246, padding) + b"Z" * padding
            if content:
                member.local.crc32 = member.local.packed = member.local.size = 0
                member.descriptor = descriptor(member)
        members.append(member)
        place += 30 + len(encoded) + len(member.local.extra) + size + len(member.descriptor)
    return Archive(members, Ends(wide=as_torch))


def descriptor(member: Member) -> bytes:
    """Return what follows an entry whose own header leaves its numbers open."""
    said = member.central
    return struct.pack("<4s3I", b"PK\x07\x08", said.crc32, said.packed, said.size)


def local_header(header: Header) -> bytes:
    """Return what comes before an entry's bytes."""
    numbers = struct.pack(
        "<4s5H3I2H", b"PK\x03\x04", header.version, _u16(header.flags), header.method, header.time,
        header.date, header.crc32, _u32(header.packed), _u32(header.size), len(header.name),
        len(header.extra),
    )  # fmt: skip
    return numbers + header.name + header.extra


def _central_header(member: Member, place: int) -> bytes:
    header = member.central
    numbers = struct.pack(
        "<4s6H3I5H2I", b"PK\x01\x02", 20, header.version, _u16(header.flags), header.method,
        header.time, header.date, header.crc32, _u32(header.packed), _u32(header.size),
        len(header.name), len(header.extra), len(member.comment), member.disk, 0, 0, _u32(place),
    )  # fmt: skip
    return numbers + header.name + header.extra + member.comment


def _u16(number: int) -> int:
    return number % 2**16


def _u32(number: int) -> int:
    return number % 2**32


def _u64(number: int) -> int:
    return number % 2**64
