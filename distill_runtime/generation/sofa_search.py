"""Finding the SOFA file that a recipe or a preset names: the very same bytes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from distill_runtime.artifact.search import find_named
from distill_runtime.audio.binaural.sofa_file import SofaFile
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.files.checks import brief


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
    found = (
        find_named(
            named.name,
            Path(folder),
            what=f"the SOFA file {brief(named.name)}",
            remedy="give it by --sofa FILE, or put it there",
        )
        if path is None
        else Path(path)
    )
    return replace(stereo, sofa=SofaFile.load(found, sha256=named.sha256))
