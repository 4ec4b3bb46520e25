"""The zip archives that PyTorch writes: which kind one is and what it says, and nothing is run.

A TorchScript file holds `data.pkl`, `constants.pkl` and code, a pt2 file a graph below `models`, a
model file only `data.pkl`; all below one folder. Metadata of ours lie below `extra`.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from distill_runtime import contract
from distill_runtime.errors import ArtifactError

ZIP_START = b"PK\x03\x04"
METADATA_ENTRY = f"extra/{contract.METADATA_KEY}"
TENSOR_FOLDERS = ("data/", "constants/")

_BLOCK_BYTES = 2**20
_MAX_DIRECTORY_BYTES = 2**20  # of the archive's list of entries; 10 kB is usual
_MAX_DOCUMENT_BYTES = 16 * 2**20
_ENCRYPTED = 1
# What zipfile raises on a broken archive.
_ZIPFILE_ERRORS = (zipfile.BadZipFile, struct.error, EOFError, NotImplementedError, ValueError)
_NAMES = {contract.TORCHSCRIPT: "a TorchScript file", contract.PT2: "a PyTorch program (pt2)"}


class TorchArchive:
    """An archive's entries, by their names below its one folder."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        entries = archive.infolist()
        if len({entry.filename for entry in entries}) != len(entries):
            raise _damaged("a name comes twice")
        folders = {entry.filename.partition("/")[0] for entry in entries}
        self._entries = {entry.filename.partition("/")[2]: entry for entry in entries}
        self.format = self._format() if len(folders) == 1 else None

    @classmethod
    @contextmanager
    def open(cls, file: BinaryIO) -> Iterator[TorchArchive]:
        """Read the list of entries.

        Raises:
            ArtifactError: It is damaged; also when the archive is read later on.
        """
        try:
            with zipfile.ZipFile(_ShortReads(file)) as archive:
                yield cls(archive)
        except ArtifactError:
            raise
        except _ZIPFILE_ERRORS as error:
            raise _damaged(str(error).partition("\n")[0]) from None

    def _format(self) -> str | None:
        """Return what the archive is: a format of the contract, or None for anything else."""
        if {"data.pkl", "constants.pkl"} <= self._entries.keys():
            return contract.TORCHSCRIPT
        if any(name.startswith("models/") for name in self._entries):
            return contract.PT2
        return None

    def document(self) -> str:
        """Return the metadata document.

        Raises:
            ArtifactError: There is none, or it cannot be read.
        """
        assert self.format is not None, "only a format of the contract has metadata"
        entry = self._entries.get(METADATA_ENTRY)
        if entry is None:
            raise ArtifactError(f"is {_NAMES[self.format]}, but not a Distill artifact")
        if entry.file_size > _MAX_DOCUMENT_BYTES:
            raise ArtifactError(f"its metadata has {entry.file_size} bytes, more than any artifact")
        content = b"".join(self._blocks(entry))
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            raise ArtifactError("its metadata is no UTF-8 text") from None

    def tensors_sha256(self) -> str:
        """Return the SHA-256 of every entry below `data` and `constants`, in the order of names.

        Each is its name and its content, both preceded by the length as 8 bytes, little-endian.

        Raises:
            ArtifactError: An entry cannot be read.
        """
        digest = hashlib.sha256()
        names = sorted(name for name in self._entries if name.startswith(TENSOR_FOLDERS))
        if sum(self._entries[name].file_size for name in names) > contract.MAX_FILE_BYTES:
            raise _damaged("it unpacks to more than any artifact")
        for name in names:
            entry = self._entries[name]
            encoded = name.encode("utf-8")
            digest.update(len(encoded).to_bytes(8, "little") + encoded)
            digest.update(entry.file_size.to_bytes(8, "little"))
            for block in self._blocks(entry):
                digest.update(block)
        return digest.hexdigest()

    def _blocks(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield an entry's bytes: as many as the list says, and a lie shows in the checksum."""
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & _ENCRYPTED:
            raise _damaged(f"{entry.filename[:80]!r} is packed, which no artifact's is")
        with self._archive.open(entry) as content:
            while block := content.read(_BLOCK_BYTES):
                yield block


class _ShortReads(io.BufferedIOBase):
    """A file that gives no long pieces: a list of millions of entries would fill the memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int | None = -1, /) -> bytes:
        limit = _MAX_DIRECTORY_BYTES + 1
        content = self._file.read(limit if size is None or size < 0 else min(size, limit))
        if len(content) == limit:
            raise _damaged("its list of entries is longer than any artifact's")
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True


def _damaged(what: str) -> ArtifactError:
    return ArtifactError(
        f"is a zip archive that is damaged or incomplete ({what}): export it again"
    )
