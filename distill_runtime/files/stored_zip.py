"""The zip archives that PyTorch writes, read so strictly that no two readers can differ on one.

Nothing is compressed in them and nothing lies between: each entry's header, name, bytes and (where
there is one) descriptor follow the entry before, then come the list of entries and the end record,
and then the file ends. So every byte belongs to one thing only, an archive cannot unfold to more
than its own size, and whoever reads it by its list or from its start reads the same. Sizes and
places are 32-bit numbers: there is no archive of 4 GiB.

The layout is that of PKWARE's APPNOTE.TXT, section 4.3.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

ZIP_START = b"PK\x03\x04"

_BLOCK_BYTES = 2**20
_MAX_LIST_BYTES = 2**20  # of the list of entries; 10 kB is usual
_PADDING = 0x4246  # "FB": PyTorch marks so what moves an entry's bytes to a multiple of 64
_MAX_VERSION = 45  # of the format, times ten: 4.5 has numbers of 64 bits
_HAS_DESCRIPTOR, _IS_UTF8 = 1 << 3, 1 << 11

# signature, version, flags, method, time, date, CRC-32, packed size, size, lengths of name, extra
_LOCAL = struct.Struct("<4s5H3I2H")
# signature, versions, flags, method, time, date, CRC-32, packed size, size, lengths of name, extra
# and comment, disk, internal and external attributes, place of the local header
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_PADDING_START = struct.Struct("<2H")  # mark, bytes that follow
_DESCRIPTOR = struct.Struct("<4s3I")  # signature, CRC-32, packed size, size
# signature, disk, disk of the list, entries here, entries, bytes of the list, its place, comment
_END = struct.Struct("<4s4H2IH")
_LOCATOR = struct.Struct("<4sIQI")  # signature, disk, place of the next one, disks
# signature, bytes that follow, versions, disk, disk of the list, entries here, entries, bytes of
# the list, its place
_END_64 = struct.Struct("<4sQ2H2I4Q")
_END_64_START = 12  # bytes up to and with the number of those that follow


class StoredZipError(Exception):
    """What is wrong with an archive, in a few printable words that do not name its file."""


@dataclass(frozen=True)
class Entry:
    """A named stretch of the file: `size` bytes from `start` on."""

    name: str
    start: int
    size: int
    crc32: int


class StoredZip:
    """An archive whose whole structure has been checked; its entries by name, in their order."""

    def __init__(self, file: BinaryIO, entries: dict[str, Entry]) -> None:
        self._file = file
        self.entries = entries

    @classmethod
    def read(cls, file: BinaryIO) -> StoredZip:
        """Check everything but the entries' bytes, whose checksums are compared on reading.

        Args:
            file: Open for reading and able to seek; the archive reads from it later on.

        Raises:
            StoredZipError: It is damaged, cut off, or not written as PyTorch does.
        """
        return cls(file, _read_entries(file))

    def in_one_folder(self) -> dict[str, Entry]:
        """Return the entries by their names below the archive's one folder, or none of them."""
        folders = {name.partition("/")[0] for name in self.entries}
        if len(folders) != 1:
            return {}
        return {name.partition("/")[2]: entry for name, entry in self.entries.items()}

    def content(self, entry: Entry) -> bytes:
        """Return an entry's bytes.

        Raises:
            StoredZipError: They do not fit their checksum.
        """
        return b"".join(self.blocks(entry))

    def check(self, entry: Entry) -> None:
        """Compare an entry's bytes with their checksum.

        Raises:
            StoredZipError: They differ.
        """
        for _ in self.blocks(entry):
            pass

    def blocks(self, entry: Entry) -> Iterator[bytes]:
        """Yield an entry's bytes; only after the last block is it certain that all are right.

        Raises:
            StoredZipError: They do not fit their checksum.
        """
        crc32 = 0
        for start in range(0, entry.size, _BLOCK_BYTES):
            size = min(_BLOCK_BYTES, entry.size - start)
            block = _read(self._file, entry.start + start, size)
            crc32 = zlib.crc32(block, crc32)
            yield block
        _check_crc32(entry, crc32)

    def read_into(self, entry: Entry, buffer: memoryview) -> None:
        """Fill a buffer of the entry's size with its bytes.

        Raises:
            StoredZipError: They do not fit their checksum.
        """
        assert buffer.nbytes == entry.size
        crc32 = 0
        for start in range(0, entry.size, _BLOCK_BYTES):  # each is still cached for its checksum
            block = buffer[start : start + _BLOCK_BYTES]
            self._file.seek(entry.start + start)
            if self._file.readinto(block) != len(block):  # type: ignore[attr-defined]
                raise StoredZipError("it is cut off")
            crc32 = zlib.crc32(block, crc32)
        _check_crc32(entry, crc32)


def _check_crc32(entry: Entry, crc32: int) -> None:
    if crc32 != entry.crc32:
        raise StoredZipError(f"{entry.name[:80]!a} fails its checksum")


@dataclass(frozen=True)
class _Listed:
    """What the list says of an entry, and its own header must say too."""

    encoded_name: bytes
    version: int
    flags: int
    method: int
    time: int
    date: int
    crc32: int
    size: int
    header: int  # where the entry's own header starts

    def __str__(self) -> str:
        return ascii(self.encoded_name[:80]).removeprefix("b")

    def name(self) -> str:
        try:
            name = self.encoded_name.decode("utf-8" if self.flags & _IS_UTF8 else "ascii")
        except UnicodeDecodeError:
            raise StoredZipError(f"{self} is no name") from None
        # C ends a text at the one, Windows takes the other for a slash, and a folder has no bytes.
        if "\0" in name or "\\" in name or {"", ".", ".."} & set(name.split("/")):
            raise StoredZipError(f"{self} is no name")
        return name


def _read_entries(file: BinaryIO) -> dict[str, Entry]:
    count, list_start, list_end = _find_list(file, file.seek(0, io.SEEK_END))
    entries: dict[str, Entry] = {}
    seen: set[str] = set()
    place = 0
    for listed in _read_list(_read(file, list_start, list_end - list_start), count):
        if listed.header != place:
            raise StoredZipError("its entries overlap, or something lies between them")
        name = listed.name()
        if name.casefold() in seen:
            raise StoredZipError(f"{listed}: a name comes twice, or in two cases")
        seen.add(name.casefold())
        start = place + _check_header(file, listed)
        entries[name] = Entry(name, start, listed.size, listed.crc32)
        place = start + listed.size + _check_descriptor(file, start + listed.size, listed)
    if place != list_start:
        raise StoredZipError("something lies between its entries and their list")
    return entries


def _find_list(file: BinaryIO, size: int) -> tuple[int, int, int]:
    """Return the number of entries, and where their list starts and ends.

    The file ends with the end record, which has no comment. PyTorch puts a second one before it, of
    64-bit numbers, whether they are needed or not: both must say the same.
    """
    list_end = size - _END.size
    magic, *numbers, comment = _END.unpack(_read(file, list_end, _END.size))
    if magic != b"PK\x05\x06" or comment:
        raise StoredZipError("it does not end as a zip archive")
    disk, list_disk, here, count, length, start = numbers
    if disk or list_disk or here != count:
        raise StoredZipError("it is one part of several")
    locator = list_end - _LOCATOR.size
    if locator >= _END_64.size and _read(file, locator, 4) == b"PK\x06\x07":
        list_end = locator - _END_64.size
        _, *places = _LOCATOR.unpack(_read(file, locator, _LOCATOR.size))
        magic, rest, _, _, *numbers_64 = _END_64.unpack(_read(file, list_end, _END_64.size))
        if (
            places != [0, list_end, 1]
            or (magic, rest) != (b"PK\x06\x06", _END_64.size - _END_64_START)
            or numbers_64 != numbers
        ):
            raise StoredZipError("it has two different ends")
    if start + length != list_end:
        raise StoredZipError("its list of entries is not where it should be")
    if length > _MAX_LIST_BYTES:
        raise StoredZipError("its list of entries is longer than any that PyTorch writes")
    return count, start, list_end


def _read_list(content: bytes, count: int) -> Iterator[_Listed]:
    """Yield what the list says of each entry, and fail if there are not so many."""
    at = 0
    for _ in range(count):
        if at + _CENTRAL.size > len(content):
            raise StoredZipError("its list of entries is cut off")
        fields = _CENTRAL.unpack_from(content, at)
        magic, _, version, flags, method, time, date, crc32, packed, size = fields[:10]
        name_length, extra, comment, disk, _, _, header = fields[10:]
        at += _CENTRAL.size + name_length
        name = content[at - name_length : at]
        listed = _Listed(name, version, flags, method, time, date, crc32, size, header)
        if magic != b"PK\x01\x02" or at > len(content):
            raise StoredZipError("its list of entries is damaged")
        if listed.method or packed != size or listed.flags & ~(_HAS_DESCRIPTOR | _IS_UTF8):
            raise StoredZipError(f"{listed} is packed, which PyTorch does with nothing")
        if extra or comment or disk or version > _MAX_VERSION:
            raise StoredZipError(f"{listed} has a comment, an addition or a newer version")
        yield listed
    if at != len(content):
        raise StoredZipError("its list of entries has more than its end says")


def _check_header(file: BinaryIO, listed: _Listed) -> int:
    """Return how many bytes an entry's own header takes, once it is found to say the same."""
    name = listed.encoded_name
    header = _read(file, listed.header, _LOCAL.size + len(name))
    magic, *facts, crc32, packed, size, name_length, padding = _LOCAL.unpack_from(header)
    numbers = [(listed.crc32, listed.size, listed.size)]
    if listed.flags & _HAS_DESCRIPTOR:
        numbers.append((0, 0, 0))  # then it is the descriptor that says it
    if (
        (magic, name_length, header[_LOCAL.size :]) != (ZIP_START, len(name), name)
        or facts != [listed.version, listed.flags, listed.method, listed.time, listed.date]
        or (crc32, packed, size) not in numbers
    ):
        raise StoredZipError(f"{listed} is not what the list of entries says")
    if padding:
        mark = _PADDING_START.pack(_PADDING, max(padding - _PADDING_START.size, 0))
        if _read(file, listed.header + len(header), _PADDING_START.size) != mark:
            raise StoredZipError(f"{listed} has an addition other than padding")
    return len(header) + int(padding)


def _check_descriptor(file: BinaryIO, place: int, listed: _Listed) -> int:
    """Return how many bytes the descriptor behind an entry takes, once it says the same."""
    if not listed.flags & _HAS_DESCRIPTOR:
        return 0
    expected = _DESCRIPTOR.pack(b"PK\x07\x08", listed.crc32, listed.size, listed.size)
    if _read(file, place, _DESCRIPTOR.size) != expected:
        raise StoredZipError(f"{listed} is followed by something else than its descriptor")
    return _DESCRIPTOR.size


def _read(file: BinaryIO, place: int, size: int) -> bytes:
    """Read exactly so many bytes."""
    content = b""
    if place >= 0:
        file.seek(place)
        content = file.read(size)
    if len(content) != size:
        raise StoredZipError("it is cut off")
    return content
