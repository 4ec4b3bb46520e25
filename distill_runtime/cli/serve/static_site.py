"""The page and the artifacts as a folder of files, for any web server that hands out files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from distill_runtime.cli.serve.headers import HEADERS
from distill_runtime.cli.serve.library import ARTIFACTS, LIST, Library, document_of
from distill_runtime.errors import ArtifactError, OutputError, OutputExistsError, RequestError
from distill_runtime.files.paths import is_folder, status, why
from distill_runtime.files.shown import shown
from distill_runtime.files.space import Need, require_space
from distill_runtime.files.temporary import temporary_folder

README, RULES = "README.txt", "_headers"
_HEADERS_TEXT = "\n".join(f"    {name}: {text}" for name, text in HEADERS.items())
_README_TEXT = f"""A page that plays Distill models in the browser, and the models.

Put all of this folder on a web server, under any path: it only has to hand out files. The page is
index.html; {LIST} says what lies in {ARTIFACTS}. To change the models, export the site anew.

Every answer should have these headers. Without the first two the page plays, too, on one thread:

{_HEADERS_TEXT}

Files that end in .wasm must be sent as application/wasm and those in .mjs as text/javascript, and
gzip makes the first load four times as small. Use https: a browser gives sound that answers at once
(AudioWorklet) only to pages that come by https, or from the same machine.

{RULES} says the same to hosts that read it (Netlify, Cloudflare Pages). For nginx:

{{nginx}}
"""


def export_site(folder: Path, page: Mapping[str, bytes], library: Library) -> int:
    """Write the site, whole or not at all.

    Args:
        folder: Where; it is made, or it is empty.
        page: Its files by their paths.
        library: The artifacts.

    Returns:
        How many artifacts are in it.

    Raises:
        OutputExistsError: There is something in the folder, or a file in its place.
        RequestError: The folder cannot be made there.
        SpaceError: The disk has too little room.
        OutputError: It could not be written.
        ArtifactError: A file was changed while it was copied.
    """
    _check(folder)
    entries = library.entries()
    size_bytes = sum(map(len, page.values())) + sum(e.size_bytes for e in entries.values())
    require_space([Need(folder.parent, size_bytes, "the site")])
    with _folder_in_place_of(folder) as temporary:
        for path, body in page.items():
            _write(temporary / path, body)
        for entry in entries.values():
            file = entry.open()
            if file is None:
                raise ArtifactError(f"{shown(entry.path)}: was changed meanwhile: try again")
            with file:
                _write(temporary / ARTIFACTS / entry.name, file)
                if not entry.is_unchanged(file):
                    raise ArtifactError(f"{shown(entry.path)}: was changed meanwhile: try again")
        _write(temporary / LIST, document_of(entries))
        _write(temporary / README, readme().encode())
        _write(temporary / RULES, rules().encode())
    return len(entries)


def readme() -> str:
    """Return what README.txt says."""
    lines = [f'    add_header {name} "{text}" always;' for name, text in HEADERS.items()]
    return _README_TEXT.format(nginx="\n".join(lines))


def rules() -> str:
    """Return the headers as hosts of static pages read them."""
    return "/*\n" + "".join(f"  {name}: {text}\n" for name, text in HEADERS.items())


def _check(folder: Path) -> None:
    if status(folder) is None:
        if not is_folder(folder.absolute().parent):
            raise RequestError(f"folder {shown(folder.parent)} does not exist: make it first")
    elif not is_folder(folder):
        raise OutputExistsError(f"{shown(folder)} is a file: name a new folder")
    elif any(folder.iterdir()):
        raise OutputExistsError(f"{shown(folder)} is not empty: name a new folder")


@contextmanager
def _folder_in_place_of(folder: Path) -> Iterator[Path]:
    """Give a folder beside another, and put it in the other's place when all is written.

    Raises:
        OutputError: Something cannot be written.
    """
    target = Path(os.path.realpath(folder))
    with temporary_folder(target.parent) as temporary:
        try:
            yield temporary
            # As any program makes a folder: what is temporary is nobody else's.
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o777 & ~mask)
            if target.exists():
                target.rmdir()  # it is empty, or this fails
            temporary.rename(target)
        except OSError as reason:
            raise OutputError(f"{shown(folder)} cannot be written: {why(reason)}") from None


def _write(path: Path, content: bytes | BinaryIO) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        if isinstance(content, bytes):
            file.write(content)
        else:
            shutil.copyfileobj(content, file)
        file.flush()
        os.fsync(file.fileno())
