"""The artifacts of a folder that are handed out, and the list of them that the page reads."""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.known.known_graph import UnknownStructureError
from distill_runtime.contract import ARTIFACT_ENDINGS, ONNX, ArtifactMetadata
from distill_runtime.errors import ArtifactError, RequestError
from distill_runtime.files.paths import files_in, why
from distill_runtime.files.shown import shown

LIST = "artifacts.json"
ARTIFACTS = "artifacts/"

# A pipe in a file's place would block for ever.
_FLAGS = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)
_FRESH_S = 0.2  # a list this young is not made anew: a page may be loaded many times at once

# What a file is known by until it changes: device, number, size, time of change.
Identity = tuple[int, int, int, int]


@dataclass(frozen=True)
class Entry:
    """An artifact that is handed out.

    Attributes:
        name: Of its file, in the folder.
        path: Where it really is.
        size_bytes: Its size.
        sha256: Of the whole file.
        metadata: What it says of itself.
        identity: Of the file whose hash that is.
    """

    name: str
    path: Path
    size_bytes: int
    sha256: str
    metadata: ArtifactMetadata
    identity: Identity

    def open(self) -> BinaryIO | None:
        """Open the file, unbuffered; None if it is no longer the one that was judged."""
        try:
            descriptor = os.open(self.path, _FLAGS)
        except OSError:
            return None
        if _identity(os.fstat(descriptor)) != self.identity:
            os.close(descriptor)
            return None
        return os.fdopen(descriptor, "rb", buffering=0)

    def is_unchanged(self, file: BinaryIO) -> bool:
        """Whether a file that `open` returned has still the content that was judged."""
        return _identity(os.fstat(file.fileno())) == self.identity

    def document(self) -> dict[str, Any]:
        """Return what the list says of it: its metadata are without vectors."""
        metadata = json.loads(self.metadata.to_json())
        del metadata["test_vector"]
        return {
            "file": self.name,
            "bytes": self.size_bytes,
            "sha256": self.sha256,
            "metadata": _without_vectors(metadata, self.metadata.latent_dim),
        }


class Library:
    """The artifacts that lie in a folder, seen anew each time they are asked for."""

    def __init__(
        self, folder: Path, *, trust: bool = False, say: Callable[[str], None] = print
    ) -> None:
        """Look at nothing yet.

        Args:
            folder: Where they lie.
            trust: Whether graphs are handed out that distill-export did not write.
            say: Told of each file that is not handed out, once.
        """
        self.folder = folder
        self._trust, self._say = trust, say
        self._entries: dict[str, Entry] = {}
        self._refused: dict[str, str] = {}
        self._lock = threading.Lock()
        self._looked_at = -_FRESH_S

    def entries(self) -> dict[str, Entry]:
        """Return the artifacts by their files' names; what was judged before is not read again.

        Raises:
            RequestError: The folder is not there or may not be read.
        """
        with self._lock:
            if time.monotonic() - self._looked_at >= _FRESH_S:
                self._look()
                self._looked_at = time.monotonic()
            return self._entries

    def document(self) -> bytes:
        """Return the list as JSON; empty where the folder is gone."""
        try:
            entries = self.entries()
        except RequestError as error:
            self._refuse("", str(error))
            entries = {}
        return document_of(entries)

    def _look(self) -> None:
        entries, refused = {}, {}
        root = Path(os.path.realpath(self.folder))
        for path in files_in(root, (ARTIFACT_ENDINGS[ONNX],)):
            if path.name.startswith("."):  # hidden, or not finished by whoever writes it
                continue
            try:
                entries[path.name] = self._judged(path, root)
            except ArtifactError as error:
                refused[path.name] = str(error)
        for name, reason in refused.items():
            self._refuse(name, reason)
        self._refused = {name: self._refused[name] for name in refused}
        self._entries = entries

    def _refuse(self, name: str, reason: str) -> None:
        if self._refused.get(name) != reason:
            self._refused[name] = reason
            self._say(f"skipped {reason}")

    def _judged(self, path: Path, root: Path) -> Entry:
        """Return what is known of a file.

        Raises:
            ArtifactError: It is not to be handed out.
        """
        where = shown(self.folder / path.name)
        try:
            path.name.encode()
        except UnicodeEncodeError:
            raise ArtifactError(f"{where}: its name is no text: rename it") from None
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(root):
            raise ArtifactError(f"{where}: is a link that leads out of the folder: copy the file")
        found = _status(real, where)
        known = self._entries.get(path.name)
        if known is not None and (known.path, known.identity) == (real, _identity(found)):
            return known
        try:
            file = ArtifactFile.inspect(real, trust=self._trust)
        except UnknownStructureError:
            raise ArtifactError(
                f"{where}: its graph is not one that distill-export writes: --trust hands it out"
            ) from None
        except ArtifactError as error:
            raise ArtifactError(str(error).replace(shown(real), where, 1)) from None
        if file.format != ONNX:
            raise ArtifactError(f"{where}: is a page, not an ONNX file: its name should say .html")
        entry = Entry(
            path.name, real, found.st_size, file.sha256(), file.metadata, _identity(found)
        )
        if _identity(_status(real, where)) != entry.identity:
            raise ArtifactError(f"{where}: is being written: reload the page when that is done")
        return entry


def document_of(entries: Mapping[str, Entry]) -> bytes:
    """Return the list of artifacts as JSON."""
    artifacts = [entry.document() for entry in entries.values()]
    return json.dumps({"artifacts": artifacts}, separators=(",", ":")).encode()


def _without_vectors(value: Any, latent_dim: int) -> Any:
    """Return a document without the lists of so many numbers, which only who plays needs."""
    if isinstance(value, list):
        return [_without_vectors(item, latent_dim) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_vectors(item, latent_dim)
        for key, item in value.items()
        if not (
            isinstance(item, list)
            and len(item) == latent_dim
            and all(isinstance(number, float | int) for number in item)
        )
    }


def _status(path: Path, where: str) -> os.stat_result:
    try:
        return path.stat()
    except OSError as reason:
        raise ArtifactError(f"{where}: cannot be opened ({why(reason)})") from None


def _identity(found: os.stat_result) -> Identity:
    if not stat.S_ISREG(found.st_mode):
        return (0, 0, 0, 0)  # nothing that is handed out has it
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
