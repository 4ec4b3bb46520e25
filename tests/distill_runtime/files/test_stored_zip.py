from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest

from distill_runtime.files import stored_zip
from distill_runtime.files.stored_zip import Entry, StoredZip, StoredZipError
from tests.fuzz.zip_writer import UTF8, Archive, Member, archive_of

CONTENT = {"data.pkl": b"pickle", "empty": b"", "data/0": bytes(range(256)), "version": b"3\n"}


def read(content: bytes) -> dict[str, bytes]:
    archive = StoredZip.read(io.BytesIO(content))
    return {name: archive.content(entry) for name, entry in archive.entries.items()}


def refusal(content: bytes) -> str:
    with pytest.raises(StoredZipError) as caught:
        read(content)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200
    return str(caught.value)


@pytest.mark.parametrize("folder", ["archive", "größe"])
@pytest.mark.parametrize("as_torch", [False, True])
def test_a_whole_archive_is_read(folder: str, as_torch: bool) -> None:
    archive = archive_of(CONTENT, folder=folder, as_torch=as_torch)
    if not as_torch and not folder.isascii():
        for member in archive.members:
            member.local.flags = member.central.flags = UTF8
    content = archive.to_bytes()
    expected = {f"{folder}/{name}": content for name, content in CONTENT.items()}
    assert read(content) == expected
    with zipfile.ZipFile(io.BytesIO(content)) as theirs:
        assert {name: theirs.read(name) for name in theirs.namelist()} == expected


def test_what_pythons_zipfile_writes_is_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in CONTENT.items():
            archive.writestr(f"archive/{name}", content)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("archive/extra/größe", b"more")
    added = {"archive/extra/größe": b"more"}
    assert read(buffer.getvalue()) == {f"archive/{n}": c for n, c in CONTENT.items()} | added


def check(archive: StoredZip, entry: Entry) -> bytes:
    archive.check(entry)
    return LARGE


def read_into(archive: StoredZip, entry: Entry) -> bytes:
    buffer = bytearray(entry.size)
    archive.read_into(entry, memoryview(buffer))
    return bytes(buffer)


LARGE = random.Random(1).randbytes(3 * 2**20 + 5)
WAYS: list[Callable[[StoredZip, Entry], bytes]] = [
    lambda archive, entry: archive.content(entry),
    lambda archive, entry: b"".join(archive.blocks(entry)),
    check,
    read_into,
]


@pytest.mark.parametrize("way", WAYS, ids=["content", "blocks", "check", "read_into"])
def test_entries_are_read_and_compared_with_their_checksum(
    way: Callable[[StoredZip, Entry], bytes],
) -> None:
    content = bytearray(archive_of({"a": LARGE, "b": b""}, as_torch=True).to_bytes())
    archive = StoredZip.read(io.BytesIO(content))
    assert way(archive, archive.entries["archive/a"]) == LARGE
    content[len(content) // 2] ^= 1
    archive = StoredZip.read(io.BytesIO(content))
    with pytest.raises(StoredZipError, match="'archive/a' fails its checksum"):
        way(archive, archive.entries["archive/a"])


def test_the_folder_that_all_lie_in() -> None:
    archive = archive_of({"a": b"1", "b/c": b"2"})
    assert list(StoredZip.read(io.BytesIO(archive.to_bytes())).in_one_folder()) == ["a", "b/c"]
    archive.members[0].local.name = archive.members[0].central.name = b"another/a"
    assert StoredZip.read(io.BytesIO(archive.to_bytes())).in_one_folder() == {}
    assert StoredZip.read(io.BytesIO(Archive([]).to_bytes())).in_one_folder() == {}


def test_every_cut_and_every_addition_is_noticed() -> None:
    for as_torch in (False, True):
        content = archive_of(CONTENT, as_torch=as_torch).to_bytes()
        for length in range(len(content)):
            refusal(content[:length])
        for added in (b"\0", content, archive_of({}).to_bytes()):
            refusal(content + added)
            refusal(added + content)


def test_no_byte_of_the_structure_can_change_what_is_read() -> None:
    for as_torch in (False, True):
        good = archive_of(CONTENT, as_torch=as_torch).to_bytes()
        expected = read(good)
        for place in range(len(good)):
            for value in (0, 255, good[place] ^ 1, good[place] ^ 8, good[place] ^ 32):
                spoilt = good[:place] + bytes([value]) + good[place + 1 :]
                try:
                    found = read(spoilt)
                except StoredZipError:
                    continue
                assert found == expected


def member_of(archive: Archive, name: str = "data/0") -> Member:
    return next(m for m in archive.members if m.central.name == f"archive/{name}".encode())


def rename(name: bytes, flags: int = 0) -> Callable[[Archive], None]:
    def change(archive: Archive) -> None:
        member = member_of(archive, "version")
        for header in (member.local, member.central):
            header.name = name
            header.flags |= flags

    return change


def set_both(**numbers: int) -> Callable[[Archive], None]:
    def change(archive: Archive) -> None:
        member = member_of(archive)
        for name, value in numbers.items():
            setattr(member.local, name, value)
            setattr(member.central, name, value)

    return change


def set_one(side: str, **values: object) -> Callable[[Archive], None]:
    def change(archive: Archive) -> None:
        header = getattr(member_of(archive), side)
        for name, value in values.items():
            setattr(header, name, value)

    return change


def between(place: str) -> Callable[[Archive], None]:
    def change(archive: Archive) -> None:
        setattr(member_of(archive), place, b"\0" * 4)

    return change


def set_ends(**values: object) -> Callable[[Archive], None]:
    def change(archive: Archive) -> None:
        for name, value in values.items():
            setattr(archive.ends, name, value)

    return change


def pack(archive: Archive) -> None:
    member = member_of(archive)
    press = zlib.compressobj(9, zlib.DEFLATED, -15)
    member.content = press.compress(bytes(2**20)) + press.flush()
    for header in (member.local, member.central):
        header.method, header.packed, header.size = 8, len(member.content), 2**20
        header.crc32 = zlib.crc32(bytes(2**20))


def list_of(*names: str) -> Callable[[Archive], None]:
    def change(archive: Archive) -> None:
        archive.listed = [member_of(archive, name) for name in names]

    return change


UNICODE_PATH = struct.pack("<2HBI", 0x7075, 13, 1, zlib.crc32(b"archive/data/0")) + b"data.pkl"
FAULTS: dict[str, tuple[Callable[[Archive], None], str]] = {
    "the same name": (rename(b"archive/data.pkl"), "comes twice"),
    "another case": (rename(b"archive/DATA.PKL"), "in two cases"),
    "another case, not of ASCII": (rename("archive/data.p\u212al".encode(), UTF8), "in two"),
    "the folder's case": (rename(b"Archive/data.pkl"), "in two cases"),
    "a NUL in a name": (rename(b"archive/data.pkl\0"), "is no name"),
    "a backslash": (rename(b"archive\\data.pkl"), "is no name"),
    "a folder": (rename(b"archive/data.pkl/"), "is no name"),
    "two slashes": (rename(b"archive//data.pkl"), "is no name"),
    "a dot": (rename(b"archive/./data.pkl"), "is no name"),
    "two dots": (rename(b"archive/x/../data.pkl"), "is no name"),
    "no name": (rename(b""), "is no name"),
    "a name that is no UTF-8": (rename(b"archive/\xff", UTF8), "is no name"),
    "a name in no encoding": (rename(b"archive/\xff"), "is no name"),
    "packed": (pack, "is packed, which PyTorch does with nothing"),
    "packed by another method": (set_both(method=12), "is packed"),
    "encrypted": (set_both(flags=1), "is packed"),
    "encrypted strongly": (set_both(flags=1 << 6), "is packed"),
    "a patch": (set_both(flags=1 << 5), "is packed"),
    "larger than packed": (set_both(size=4096), "is packed"),
    "a newer version": (set_both(version=63), "a newer version"),
    "reaching into the next": (set_both(size=400, packed=400), "overlap|cut off"),
    "ending early": (set_both(size=200, packed=200), "something lies between"),
    "another CRC-32 in its header": (set_one("local", crc32=1), "is not what the list"),
    "another size in its header": (set_one("local", size=1), "is not what the list"),
    "another name in its header": (set_one("local", name=b"archive/data.pkl"), "is not what"),
    "another name of the length": (set_one("local", name=b"archive/data/1"), "is not what"),
    "other flags in its header": (set_one("local", flags=8), "is not what the list"),
    "another method in its header": (set_one("local", method=8), "is not what the list"),
    "another version in its header": (set_one("local", version=45), "is not what the list"),
    "another time in its header": (set_one("local", time=7), "is not what the list"),
    "another date in its header": (set_one("local", date=7), "is not what the list"),
    "another name by an addition": (set_one("central", extra=UNICODE_PATH), "an addition"),
    "another name in its header's": (set_one("local", extra=UNICODE_PATH), "other than padding"),
    "64-bit numbers": (set_one("local", extra=struct.pack("<2H2Q", 1, 16, 256, 256)), "addition"),
    "half an addition": (set_one("local", extra=b"FB"), "other than padding|cut off"),
    "padding that is too long": (set_one("local", extra=b"FB\xff\xff"), "other than padding"),
    "a comment of an entry": (between("comment"), "has a comment"),
    "another disk": (lambda archive: setattr(member_of(archive), "disk", 1), "has a comment"),
    "bytes before an entry": (between("before"), "something lies between"),
    "bytes after an entry": (between("descriptor"), "something lies between"),
    "bytes before the list": (set_ends(before_list=b"\0"), "something lies between"),
    "bytes after the list": (set_ends(after_list=b"\0"), "is not where it should be"),
    "a comment": (set_ends(comment=b"hello"), "does not end as a zip archive"),
    "a hidden comment": (set_ends(comment=b"hello", comment_length=0), "does not end"),
    "a comment that is not there": (set_ends(comment_length=1), "does not end"),
    "bytes at the end": (set_ends(after=b"\0"), "does not end as a zip archive"),
    "several disks": (set_ends(disks=1), "one part of several"),
    "one entry less": (set_ends(count=-1), "more than its end says"),
    "one entry more": (set_ends(count=1), "is cut off"),
    "a shorter list": (set_ends(length=-1), "is not where it should be"),
    "a list elsewhere": (set_ends(start=1), "is not where it should be"),
    "another count in 64 bits": (set_ends(wide=True, wide_count=1), "two different ends"),
    "another length in 64 bits": (set_ends(wide=True, wide_length=1), "two different ends"),
    "another place in 64 bits": (set_ends(wide=True, wide_start=1), "two different ends"),
    "an end elsewhere": (set_ends(wide=True, locator=-1), "two different ends"),
    "not in the list": (list_of("data.pkl", "empty", "version"), "something lies between"),
    "not in the list at its end": (list_of("data.pkl", "empty", "data/0"), "lies between"),
    "listed twice": (list_of("data.pkl", "empty", "data/0", "version", "data.pkl"), "overlap"),
    "listed in another order": (list_of("empty", "data.pkl", "data/0", "version"), "overlap"),
    "no list": (list_of(), "something lies between"),
}


@pytest.mark.parametrize(("change", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_two_readers_could_differ(change: Callable[[Archive], None], message: str) -> None:
    archive = archive_of(CONTENT)
    change(archive)
    said = refusal(archive.to_bytes())
    assert any(part in said for part in message.split("|")), said


@pytest.mark.parametrize("change", ["wrong", "narrow", "wide", "none", "unflagged"])
def test_a_descriptor_says_what_the_list_says(change: str) -> None:
    archive = archive_of(CONTENT, as_torch=True)
    member = member_of(archive)
    right = member.descriptor
    assert refused_or_read(archive) == "read"
    if change == "wrong":
        member.descriptor = right[:-1] + b"\x7f"
    elif change == "narrow":  # without its signature, as some writers leave it
        member.descriptor = right[4:]
    elif change == "wide":
        member.descriptor = right[:8] + struct.pack("<2Q", 256, 256)
    elif change == "none":
        member.descriptor = b""
    else:
        member.local.flags = member.central.flags = UTF8
    assert refused_or_read(archive) == "refused"


def refused_or_read(archive: Archive) -> str:
    try:
        read(archive.to_bytes())
    except StoredZipError:
        return "refused"
    return "read"


def test_a_long_list_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archive_of({f"{'x' * 200}{i}": b"" for i in range(5000)})
    assert "longer than any that PyTorch writes" in refusal(archive.to_bytes())
    monkeypatch.setattr(stored_zip, "_MAX_LIST_BYTES", 2**21)
    assert len(read(archive.to_bytes())) == 5000
