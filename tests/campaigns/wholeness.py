"""Whether what lies in a folder is whole: every file that has its own name, by what it is."""

from __future__ import annotations

import json
from pathlib import Path

import soundfile

from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.page_file import NoModelError
from distill_runtime.audio_file.tag_reader import read_tags
from distill_runtime.contract import ARTIFACT_ENDINGS
from distill_runtime.generation.preset import Preset
from distill_runtime.generation.recipe import Recipe, find_recipe

UNFINISHED = (".distill-*", "distill-*.tmp")
_BLOCK_FRAMES = 2**16


def unfinished(*folders: Path) -> list[str]:
    """Return the names of unfinished files, in folders and below them."""
    return sorted(
        path.name for folder in folders for name in UNFINISHED for path in folder.rglob(name)
    )


def halves(folder: Path, given: set[str]) -> list[str]:
    """Return what is wrong with the finished files in a folder, beside those that were given."""
    wrong = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() or given.intersection(inside.parts) or path.name.startswith(".distill-"):
            continue
        try:
            _check(path)
        except Exception as reason:  # whatever it is, the file is not whole
            wrong.append(f"{inside}: {type(reason).__name__}: {str(reason)[:200]}")
    return wrong


def _check(path: Path) -> None:
    if path.suffix in (".wav", ".flac", ".ogg", ".mp3"):
        _check_sound(path)
    elif path.suffix == ".json":
        _check_document(path)
    elif path.suffix in ARTIFACT_ENDINGS.values():
        try:
            file = ArtifactFile.inspect(path, formats=ARTIFACT_ENDINGS)
        except NoModelError:  # a training's report is a page, too
            assert path.suffix == ".html"
            return
        assert file.weights_sha256() == file.metadata.weights_sha256, "other weights"
    elif path.suffix in (".distill", ".pt"):
        from distill_export.model.checkpoint import load_model_or_checkpoint

        load_model_or_checkpoint(path)
    else:
        assert path.stat().st_size > 0, "it is empty"


def _check_sound(path: Path) -> None:
    comment = read_tags(path).comment
    with soundfile.SoundFile(path) as sound:
        frames = sum(len(block) for block in sound.blocks(_BLOCK_FRAMES))
        assert frames == sound.frames > 0, f"{frames} frames of {sound.frames}"
    if comment:  # a preview of a training has no recipe
        expected = find_recipe(comment, document=path.name).config.samples
        assert frames == expected, f"{frames} frames of {expected}"


def _check_document(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    if document.get("format") == "distill.preset":
        Preset.load(path)
    elif document.get("format") == "distill.recipe":
        Recipe.load(path)
