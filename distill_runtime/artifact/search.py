"""Finding a file by its name: here, or in the folders that an environment variable names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from distill_runtime.contract import ARTIFACT_ENDINGS, ONNX
from distill_runtime.errors import ArtifactError, RequestError
from distill_runtime.files.paths import files_in, is_file, portable_name, status
from distill_runtime.files.shown import shown

VARIABLE = "DISTILL_ARTIFACTS"


def artifact_folders() -> list[Path]:
    """Return the folders in which artifacts are looked for after the current one."""
    folders = os.environ.get(VARIABLE, "").split(os.pathsep)
    return [Path(os.path.expanduser(folder)) for folder in folders if folder]  # noqa: PTH111


def find_artifact(named: Path) -> Path:
    """Return the path of the artifact that a name means: `ambience` is `ambience.onnx`, too.

    Args:
        named: A path, with or without its ending. A relative one is looked for here first, then in
            the folders of `artifact_folders`.

    Raises:
        ArtifactError: There is no such file; it says where it was looked for.
    """
    for place in _places(named):
        for name in _names(named):
            if _is_file(place / name):
                return place / name
    if _is_something(named):  # a folder, or a link to nowhere: whoever opens it will tell
        return named
    wanted = f"{shown(named)}: no such file"
    if len(_names(named)) > 1:
        wanted += f", and no {shown(_names(named)[-1].name)}"
    if named.is_absolute():
        raise ArtifactError(wanted)
    if folders := artifact_folders():
        looked = f"here or in {', '.join(map(shown, folders))} ({VARIABLE})"
    else:
        looked = f"here ({VARIABLE} may name folders to look in)"
    raise ArtifactError(f"{wanted}, {looked}")


def find_named(name: str, folder: Path, *, what: str, remedy: str) -> Path:
    """Return the file that a recipe or a preset means by a name.

    Args:
        name: Of the file, without its folder.
        folder: Where it is looked for before the current folder and `artifact_folders`.
        what: What a complaint calls it.
        remedy: What a complaint says to do.

    Raises:
        RequestError: It is in none of them.
    """
    others = artifact_folders()
    for place in (folder, Path(), *others):
        if (path := _in_folder(name, place)) is not None:
            return path
    elsewhere = f" nor in {', '.join(map(shown, others))} ({VARIABLE})" if others else ""
    raise RequestError(f"{what} is neither in {shown(folder)} nor here{elsewhere}: {remedy}")


def _in_folder(name: str, folder: Path) -> Path | None:
    """Return the file that a name means, None if it is not there."""
    with suppress(RequestError):  # longer than any name here, for example
        if is_file(folder / name):
            return folder / name
        if "\N{REPLACEMENT CHARACTER}" in name:  # it holds bytes that are not UTF-8
            for path in files_in(folder, [Path(name).suffix]):
                if portable_name(path) == name:
                    return path
    return None


def _is_file(path: Path) -> bool:
    try:
        return is_file(path)
    except RequestError:  # it may not be looked at, or its name is not one here
        return False


def _is_something(path: Path) -> bool:
    """Whether there is something, or nobody may tell."""
    try:
        return status(path) is not None or path.is_symlink()
    except RequestError:
        return True


def _places(named: Path) -> Iterator[Path]:
    yield Path()
    if not named.is_absolute():
        yield from artifact_folders()


def _names(named: Path) -> list[Path]:
    """Return what a file of this name may be called."""
    if named.suffix.lower() in ARTIFACT_ENDINGS.values() or not named.name:
        return [named]
    return [named, named.with_name(named.name + ARTIFACT_ENDINGS[ONNX])]
