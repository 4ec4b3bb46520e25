"""Protobuf's wire format, read strictly: what another reader would see otherwise is refused.

After protobuf.dev/programming-guides/encoding. A message in memory is read at once; one in a file
field by field, what is large being only pointed at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from distill_runtime.errors import ArtifactError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_TAG = 2**32  # protobuf cuts off the bits above, which would hide a field from this reader
_WIDTHS = {_FIXED64: 8, _FIXED32: 4}  # of what has another wire type: more than there is
_BLOCK = 8192  # bytes of a file that are read at a time
_LONGEST_HEAD = 20  # of a field: two varints
_MAX_MESSAGE_BYTES = 16 * 2**20  # read at once; a tensor's data may be larger


class Fixed(NamedTuple):
    """A number of four or eight bytes, which must not pass for a text of as many."""

    data: bytes


class Span(NamedTuple):
    """The place of a field's bytes in a file."""

    offset: int
    length: int


Value = int | bytes | Fixed
FileValue = Value | Span


class Budget:
    """Counts fields down, so that a small hostile file cannot keep a reader busy for long."""

    def __init__(self, fields: int) -> None:
        self._left = fields

    def spend(self, fields: int = 1) -> None:
        """Take so many fields off.

        Raises:
            ArtifactError: There are no more.
        """
        self._left -= fields
        if self._left < 0:
            raise too_large()


def damaged() -> ArtifactError:
    """Return what to raise for bytes that are not a message."""
    return ArtifactError("it is no ONNX model, or it is truncated or damaged")


def too_large() -> ArtifactError:
    """Return what to raise for a graph that would keep a reader busy."""
    return ArtifactError("its graph is too large")


def read_fields(data: bytes, budget: Budget) -> list[tuple[int, Value]]:
    """Return a message's fields in order, by their numbers."""
    found: list[tuple[int, Value]] = []
    index, end = 0, len(data)
    try:
        while index < end:
            tag = data[index]
            if tag < 0x80:
                index += 1
            else:
                tag, index = _varint(data, index)
            wire_type = tag & 7
            if wire_type == _BYTES:
                length = data[index]
                if length < 0x80:
                    index += 1
                else:
                    length, index = _varint(data, index)
                start, index = index, index + length
                found.append((tag >> 3, data[start:index]))
            elif wire_type == _VARINT:
                value, index = _varint(data, index)
                found.append((tag >> 3, value))
            else:
                start, index = index, index + _WIDTHS.get(wire_type, _MAX_TAG)
                found.append((tag >> 3, Fixed(data[start:index])))
            if not 8 <= tag < _MAX_TAG:
                raise damaged()
            if len(found) % 1024 == 0:
                budget.spend(1024)
    except IndexError:
        raise damaged() from None
    if index != end:
        raise damaged()
    budget.spend(len(found) % 1024)
    return found


def read_file_fields(
    file: BinaryIO, span: Span, budget: Budget
) -> Iterator[tuple[int, FileValue, int]]:
    """Yield a message's fields in order, by their numbers, and where their bytes begin.

    A `Span` stands for bytes that do not fit in a block. The file may be moved about by who takes
    the fields.
    """
    offset, end = span.offset, span.offset + span.length
    while offset < end:
        file.seek(offset)
        block = file.read(min(_BLOCK, end - offset))
        fields, taken = _fields_of_block(block, offset, end)
        if not fields:
            raise damaged()
        budget.spend(len(fields))
        yield from fields
        offset += taken


def _fields_of_block(
    block: bytes, offset: int, end: int
) -> tuple[list[tuple[int, FileValue, int]], int]:
    """Return the fields that begin in a block and whose heads lie in it, and where they end."""
    fields: list[tuple[int, FileValue, int]] = []
    index, is_last = 0, offset + len(block) == end
    try:
        while index < len(block) and (is_last or index + _LONGEST_HEAD <= len(block)):
            start = index
            tag, index = _varint(block, index)
            wire_type = tag & 7
            if tag < 8 or tag >= _MAX_TAG:
                raise damaged()
            value: FileValue
            place = offset + index
            if wire_type == _VARINT:
                value, index = _varint(block, index)
            elif wire_type in (_BYTES, _FIXED32, _FIXED64):
                if wire_type == _BYTES:
                    length, index = _varint(block, index)
                else:
                    length = _WIDTHS[wire_type]
                place = offset + index
                if place + length > end:
                    raise damaged()
                if index + length <= len(block):
                    content = block[index : index + length]
                    value = content if wire_type == _BYTES else Fixed(content)
                elif length <= _BLOCK - _LONGEST_HEAD:
                    index = start  # it will fit into a block of its own
                    break
                else:
                    value = Span(place, length)
                index += length
            else:
                raise damaged()
            fields.append((tag >> 3, value, place))
    except IndexError:
        raise damaged() from None
    return fields, index


def load(file: BinaryIO, value: FileValue) -> bytes:
    """Return a field's bytes.

    Raises:
        ArtifactError: They are too many, the file is shorter by now, or it is a number.
    """
    if isinstance(value, bytes):
        return value
    if not isinstance(value, Span):
        raise damaged()
    if value.length > _MAX_MESSAGE_BYTES:
        raise too_large()
    file.seek(value.offset)
    data = file.read(value.length)
    if len(data) != value.length:
        raise damaged()
    return data


def text(value: FileValue) -> str:
    """Return a field that must be a text."""
    if not isinstance(value, bytes):
        raise damaged()
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise damaged() from None


def integers(value: FileValue, budget: Budget) -> list[int]:
    """Return the signed numbers of a repeated field, which come one by one or packed."""
    if isinstance(value, int):
        return [signed(value)]
    if not isinstance(value, bytes):
        raise damaged()
    budget.spend(len(value))
    numbers, index = [], 0
    try:
        while index < len(value):
            number, index = _varint(value, index)
            numbers.append(signed(number))
    except IndexError:
        raise damaged() from None
    return numbers


def signed(value: int) -> int:
    """Return a number of 64 bits in two's complement."""
    return value - 2**64 if value >= 2**63 else value


def _varint(data: bytes, index: int) -> tuple[int, int]:
    """Return a number and where it ends."""
    value = shift = 0
    while True:
        byte = data[index]
        index += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), index
        shift += 7
        if shift >= 70:
            raise damaged()
