"""The zip archives that PyTorch writes: which kind one is and what it says, and nothing is run.

A TorchScript file holds `data.pkl`, `constants.pkl` and code, a pt2 file a graph below `models`, a
model file only `data.pkl`; all below one folder. Metadata of ours lie below `extra`, and of a
TorchScript file for nn~ that it is one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from distill_runtime import contract
from distill_runtime.errors import ArtifactError
from distill_runtime.files.stored_zip import StoredZip, StoredZipError

METADATA_ENTRY = f"extra/{contract.METADATA_KEY}"
FORMAT_ENTRY = (
    "extra/distill.format"  # holds the format's name, where what torch wrote does not say
)
TENSOR_FOLDERS = ("data/", "constants/")

_MAX_DOCUMENT_BYTES = 16 * 2**20
_MAX_FORMAT_BYTES = 100
_NAMES = {
    contract.TORCHSCRIPT: "a TorchScript file",
    contract.NN_TILDE: "a TorchScript file",
    contract.PT2: "a PyTorch program (pt2)",
}


class TorchArchive:
    """An archive's entries, by their names below its one folder."""

    def __init__(self, archive: StoredZip) -> None:
        self._archive = archive
        self._entries = archive.in_one_folder()
        self.format = self._format()

    @classmethod
    @contextmanager
    def open(cls, file: BinaryIO) -> Iterator[TorchArchive]:
        """Check the archive's structure.

        Raises:
            ArtifactError: It is damaged; also when the archive is read later on.
        """
        try:
            yield cls(StoredZip.read(file))
        except StoredZipError as reason:
            raise ArtifactError(
                f"is a zip archive that is damaged or that PyTorch did not write ({reason}): "
                "export it again"
            ) from None

    def _format(self) -> str | None:
        """Return what the archive is: a format of the contract, or None for anything else."""
        if {"data.pkl", "constants.pkl"} <= self._entries.keys():
            return self._script_format()
        if any(name.startswith("models/") for name in self._entries):
            return contract.PT2
        return None

    def _script_format(self) -> str:
        entry = self._entries.get(FORMAT_ENTRY)
        if entry is None:
            return contract.TORCHSCRIPT
        name = b"" if entry.size > _MAX_FORMAT_BYTES else self._archive.content(entry)
        if name != contract.NN_TILDE.encode("ascii"):
            raise ArtifactError(
                "is a TorchScript file of a kind that this program does not know: update "
                "distill-portable"
            )
        return contract.NN_TILDE

    def document(self) -> str:
        """Return the metadata document.

        Raises:
            ArtifactError: There is none, or it cannot be read.
        """
        assert self.format is not None, "only a format of the contract has metadata"
        entry = self._entries.get(METADATA_ENTRY)
        if entry is None:
            raise ArtifactError(f"is {_NAMES[self.format]}, but not a Distill artifact")
        if entry.size > _MAX_DOCUMENT_BYTES:
            raise ArtifactError(f"its metadata has {entry.size} bytes, more than any artifact")
        try:
            return self._archive.content(entry).decode("utf-8")
        except UnicodeDecodeError:
            raise ArtifactError("its metadata is no UTF-8 text") from None

    def tensors_sha256(self) -> str:
        """Return the SHA-256 of every entry below `data` and `constants`, in the order of names.

        Each is its name and its content, both preceded by the length as 8 bytes, little-endian.

        Raises:
            ArtifactError: An entry cannot be read.
        """
        digest = hashlib.sha256()
        for name in sorted(name for name in self._entries if name.startswith(TENSOR_FOLDERS)):
            entry = self._entries[name]
            encoded = name.encode("utf-8")
            digest.update(len(encoded).to_bytes(8, "little") + encoded)
            digest.update(entry.size.to_bytes(8, "little"))
            for block in self._archive.blocks(entry):
                digest.update(block)
        return digest.hexdigest()
