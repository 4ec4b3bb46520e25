"""Finding the SOFA file that a recipe or a preset names: the very same bytes."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from distill_runtime.artifact.search import VARIABLE, artifact_folders
from distill_runtime.audio.binaural.sofa_file import SofaFile
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.paths import is_file
from distill_runtime.files.shown import shown


def with_sofa(
    stereo: StereoSettings,
    folder: str | os.PathLike[str] = ".",
    *,
    path: str | os.PathLike[str] | None = None,
) -> StereoSettings:
    """Return stereo settings with the SOFA file that they name, read; others as they are.

    Args:
        stereo: What a recipe or a preset holds.
        folder: Where the file is looked for by its name, before the current folder and those of the
            environment variable DISTILL_ARTIFACTS.
        path: Where it is, if that is known.

    Raises:
        RequestError: There is no such file, or it is not the one that is named.
        DependencyError: The package that reads it is missing.
    """
    named = stereo.sofa
    if not stereo.is_binaural or named is None or named.is_loaded:
        return stereo
    found = _found(named.name, Path(folder)) if path is None else Path(path)
    return replace(stereo, sofa=SofaFile.load(found, sha256=named.sha256))


def _found(name: str, folder: Path) -> Path:
    others = artifact_folders()
    for place in (folder, Path(), *others):
        with suppress(RequestError):  # a name that can be none here
            if is_file(place / name):
                return place / name
    elsewhere = f" nor in {', '.join(map(shown, others))} ({VARIABLE})" if others else ""
    raise RequestError(
        f"the SOFA file {brief(name)} is neither in {shown(folder)} nor here{elsewhere}: give it "
        "by --sofa FILE, or put it there"
    )
