"""Where many sounds go: a folder, or an address that pyarrow's file systems know.

A name appears when all of its bytes are there. In a folder a file is written beside and renamed;
object stores show an object when its upload has ended; on other file systems it is written under
another name and moved.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from distill_runtime.cli.cluster.extras import require_pyarrow
from distill_runtime.errors import OutputError, OutputExistsError, RequestError
from distill_runtime.files.leftovers import sweep_files
from distill_runtime.files.one_line import one_line
from distill_runtime.files.output_file import replacing
from distill_runtime.files.output_folder import make_folder, nearest_folder
from distill_runtime.files.paths import is_folder, why
from distill_runtime.files.shown import shown
from distill_runtime.files.temporary import temporary_folder

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_SECRET = re.compile(r"(?<=://)[^/@]*@")
_OBJECT_STORES = ("s3", "gcs", "abfs")
_COPIED_BYTES = 2**23


class Destination(Protocol):
    """Where sounds go; it can be pickled."""

    shown: str
    folder: Path  # a file system that names must fit; of an address, none that matters

    def prepare(self) -> None:
        """Make the place and see that it can be written to.

        Raises:
            OutputError: It cannot.
        """

    def probe(self) -> str:
        """Leave an empty file there; return its name, which no sound has."""

    def sizes(self, names: list[str] | None = None) -> dict[str, int]:
        """Return the size in bytes of what is there, or of those of some names that are."""

    def open(self, name: str) -> Any:
        """Open a file for reading, as a context manager."""

    def writing(self, name: str, *, overwrite: bool) -> Any:
        """Give a path to write to, as a context manager; at its end the file is there, whole.

        Raises:
            OutputExistsError: It is there, or appeared meanwhile, and `overwrite` is false.
            OutputError: It cannot be written.
        """

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def sweep(self) -> None:
        """Remove what workers left that were killed while they wrote."""


def destination(address: str) -> Destination:
    """Return the place of an address.

    Raises:
        RequestError: There is no such kind of place, or a file is in its place.
        DependencyError: It is no folder, and pyarrow is missing.
    """
    if not _ADDRESS.match(address):
        return Folder(Path(address).absolute())
    if address.startswith("file://"):
        return Folder(Path(url2pathname(urlsplit(address).path)).absolute())
    require_pyarrow("an address such as s3://")
    place = Address(address)
    place.check()
    return place


class Folder:
    """A folder that every machine of the cluster sees under this path.

    Args:
        path: The folder, absolute.

    Attributes:
        folder: The same.
    """

    def __init__(self, path: Path) -> None:
        self.folder = path
        self.shown = shown(path)

    def nearest(self) -> Path:
        """Return the folder, or the nearest above it that is there."""
        return nearest_folder(self.folder)

    def prepare(self) -> None:
        """Make the folder and see that it can be written to."""
        make_folder(self.folder)
        self.remove(self.probe())

    def probe(self) -> str:
        """Leave an empty file there."""
        name = _probe_name()
        with self.writing(name, overwrite=False):
            pass
        return name

    def sizes(self, names: list[str] | None = None) -> dict[str, int]:
        """Return the size of what is there."""
        if names is not None:
            return {name: size for name in names if (size := _size(self.folder / name)) is not None}
        if not is_folder(self.folder, error=OutputError):
            return {}
        try:
            with os.scandir(self.folder) as entries:
                return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}
        except OSError as reason:
            raise OutputError(f"{self.shown} cannot be read: {why(reason)}") from None

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a file for reading."""
        try:
            with (self.folder / name).open("rb") as file:
                yield file
        except OSError as reason:
            raise OutputError(
                f"{shown(self.folder / name)} cannot be read: {why(reason)}"
            ) from None

    @contextmanager
    def writing(self, name: str, *, overwrite: bool) -> Iterator[Path]:
        """Give a path to write to."""
        with replacing(self.folder / name, overwrite=overwrite) as temporary:
            yield temporary

    def remove(self, name: str) -> None:
        """Remove a file."""
        with suppress(OSError):
            (self.folder / name).unlink()

    def sweep(self) -> None:
        """Remove unfinished files that nobody writes any more."""
        sweep_files(self.folder, again=True)


class Address:
    """A place that pyarrow's file systems know by an address.

    Args:
        address: `s3://bucket/folder`, for example. What it holds of a password is never shown.
    """

    def __init__(self, address: str) -> None:
        self._address, self.folder = address, Path()
        self.shown = shown(_SECRET.sub("", address.partition("?")[0]))

    def __getstate__(self) -> dict[str, Any]:
        return {"_address": self._address, "shown": self.shown, "folder": self.folder}

    def check(self) -> None:
        """Refuse an address that names no file system.

        Raises:
            RequestError: It does not.
        """
        try:
            _ = self._place
        except Exception as reason:  # pyarrow's exceptions share no base but Exception
            raise RequestError(f"{self.shown} is no address: {self._why(reason)}") from None

    def prepare(self) -> None:
        """Make the place and see that it can be written to."""
        filesystem, base = self._place
        with self._said("cannot be written"):
            if filesystem.type_name not in _OBJECT_STORES:
                filesystem.create_dir(base, recursive=True)
            self.remove(self.probe())

    def probe(self) -> str:
        """Leave an empty file there."""
        name = _probe_name()
        with self.writing(name, overwrite=True) as path:
            path.touch()
        return name

    def sizes(self, names: list[str] | None = None) -> dict[str, int]:
        """Return the size of what is there."""
        from pyarrow.fs import FileSelector  # noqa: PLC0415

        filesystem, base = self._place
        asked: Any = FileSelector(base, allow_not_found=True)
        if names is not None:
            asked = [f"{base}/{name}" for name in names]
        with self._said("cannot be read"):
            found = filesystem.get_file_info(asked) if names != [] else []
            return {info.base_name: int(info.size) for info in found if info.is_file}

    @contextmanager
    def open(self, name: str) -> Iterator[Any]:
        """Open a file for reading."""
        filesystem, base = self._place
        with self._said("cannot be read"), filesystem.open_input_file(f"{base}/{name}") as file:
            yield file

    @contextmanager
    def writing(self, name: str, *, overwrite: bool) -> Iterator[Path]:
        """Give a path to write to, on this machine; then send the file."""
        if not overwrite and self.sizes([name]):
            raise OutputExistsError(
                f"{self.shown}/{shown(name)} exists: choose another name, or overwrite it with "
                "overwrite=True",
                setting="overwrite=True",
            )
        with temporary_folder() as folder:
            yield folder / name
            with self._said("cannot be written"):
                self._send(folder / name, name)

    def remove(self, name: str) -> None:
        """Remove a file."""
        filesystem, base = self._place
        with suppress(OSError):
            filesystem.delete_file(f"{base}/{name}")

    def sweep(self) -> None:
        """Leave unfinished files: in an object store are none, and elsewhere nobody knows whose."""

    @cached_property
    def _place(self) -> tuple[Any, str]:
        from pyarrow.fs import FileSystem  # noqa: PLC0415

        filesystem, base = FileSystem.from_uri(self._address)
        return filesystem, base.rstrip("/")

    def _send(self, path: Path, name: str) -> None:
        filesystem, base = self._place
        is_store = filesystem.type_name in _OBJECT_STORES
        target = f"{base}/{name}"
        sent = target if is_store else f"{base}/{_probe_name()}"
        with path.open("rb") as source, filesystem.open_output_stream(sent) as sink:
            while block := source.read(_COPIED_BYTES):
                sink.write(block)
        if not is_store:
            filesystem.move(sent, target)

    @contextmanager
    def _said(self, what: str) -> Iterator[None]:
        """Say in one line what a file system refuses."""
        import pyarrow as pa  # noqa: PLC0415

        try:
            yield
        except (OSError, pa.ArrowException) as reason:
            raise OutputError(f"{self.shown} {what}: {self._why(reason)}") from None

    def _why(self, reason: Exception) -> str:
        said = one_line(str(reason)) or type(reason).__name__
        return _SECRET.sub("", said.replace(self._address, self.shown))[:200]


def _probe_name() -> str:
    return f".distill-{secrets.token_hex(8)}"


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except (OSError, ValueError):
        return None
