"""Finding an artifact by its name: here, or in the folders that an environment variable names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from distill_runtime.contract import ARTIFACT_ENDINGS, ONNX
from distill_runtime.errors import ArtifactError, RequestError
from distill_runtime.files.paths import is_file, status
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
