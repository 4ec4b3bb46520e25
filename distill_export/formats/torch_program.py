"""An artifact in the making, as an archive of PyTorch's."""

from __future__ import annotations

import zipfile
from abc import abstractmethod
from pathlib import Path
from typing import Any, Self

from distill_export.formats.program import Program, ProgramSource
from distill_export.graph.base import Synthesizer
from distill_runtime.artifact.torch_archive import METADATA_ENTRY, TorchArchive

_FOLDER = "distill"  # of every entry; torch takes the file's name, which is a temporary one here
_1980 = (1980, 1, 1, 0, 0, 0)


class TorchProgram(Program):
    """A file that has everything but its metadata."""

    precisions = ("float32",)
    versions: dict[str, str] = {}  # noqa: RUF012  (torch's is in every artifact)

    def __init__(self, path: Path, synthesizer: Synthesizer[Any]) -> None:
        self.path = path
        self.weight_bytes = sum(value.nbytes for value in synthesizer.decoder.parameters())
        self.constant_bytes = sum(value.nbytes for value in synthesizer.buffers())

    @staticmethod
    @abstractmethod
    def save(source: ProgramSource, path: Path) -> None:
        """Write the source's module as PyTorch does, without metadata."""

    @classmethod
    def build(cls, source: ProgramSource, path: Path) -> Self:
        """Write the source's module, stripped to what a host needs, see `Program`."""
        cls.save(source, path)
        _repack(path)
        return cls(path, source.synthesizer)

    def weights_sha256(self) -> str:
        """Hash every tensor of the file, as docs/artifact.md says."""
        with self.path.open("rb") as file, TorchArchive.open(file) as archive:
            return archive.tensors_sha256()

    def write(self, document: str, *, name: str) -> None:
        """Add the metadata document: every other byte stays as it was verified."""
        del name
        with zipfile.ZipFile(self.path, "a") as archive:
            archive.writestr(stored_entry(METADATA_ENTRY), document.encode("utf-8"))


def _repack(path: Path) -> None:
    """Write an archive anew without what only debugging needs, and without this machine's names."""
    with zipfile.ZipFile(path) as archive:
        contents = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            if not name.endswith(".debug_pkl"):
                archive.writestr(stored_entry(name), content)


def stored_entry(name: str) -> zipfile.ZipInfo:
    """Return an entry that is stored as it is, of no particular day."""
    return zipfile.ZipInfo(f"{_FOLDER}/{name}", _1980)
