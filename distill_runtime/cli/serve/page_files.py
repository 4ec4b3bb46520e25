"""The page that is handed out: the files that `make page` built, as they lie in the package."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from distill_runtime.artifact.page_file import MARKER
from distill_runtime.errors import DependencyError

INDEX, PLAYER = "index.html", "player.html"

# Said here and not by the system, whose own table may lack any of them, or have another.
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".ico": "image/x-icon",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
_ANYTHING = "application/octet-stream"


def page_folder() -> Traversable:
    """Return where the page is, if it is there."""
    return importlib.resources.files("distill_runtime.cli.serve") / "page"


def page_files() -> dict[str, bytes]:
    """Return the files of the page by their paths below it, `assets/page.js`.

    Raises:
        DependencyError: The page was not built.
    """
    files = {
        path: file.read_bytes()
        for path, file in _files_below(page_folder(), PurePosixPath())
        if path != PLAYER  # a template, of no use to a browser
    }
    if INDEX not in files:
        raise _missing()
    return files


def player_template() -> bytes:
    """Return the page that one model is put into, see `artifact.page_file`.

    Raises:
        DependencyError: The page was not built.
    """
    try:
        template = (page_folder() / PLAYER).read_bytes()
    except OSError:
        raise _missing() from None
    if template.count(MARKER) != 1:
        raise _missing()
    return template


def content_type(path: str) -> str:
    """Return what a file is, by the ending of its name."""
    return CONTENT_TYPES.get(PurePosixPath(path).suffix.lower(), _ANYTHING)


def _files_below(folder: Traversable, below: PurePosixPath) -> Iterator[tuple[str, Traversable]]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _files_below(entry, below / entry.name)
        else:
            yield str(below / entry.name), entry


def _missing() -> DependencyError:
    return DependencyError(
        "the page is not built here: run make page where the sources are (it needs Node and npm), "
        "or install a release, which has it"
    )
