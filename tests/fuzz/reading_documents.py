"""What is asked of a file that claims to be one of the JSON documents: read it as each of them.

What is read must be written again, and read once more as the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

from distill_runtime.artifact.description import describe
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.audio_file.size import least_bytes
from distill_runtime.cli.listing import listing
from distill_runtime.contract import ArtifactMetadata
from distill_runtime.errors import ArtifactError, DistillError
from distill_runtime.generation.preset import Preset
from distill_runtime.generation.recipe import Recipe
from distill_runtime.generation.reproduction import Reproduction
from tests.distill_runtime.small_artifacts import METADATA

warnings.simplefilter("error")


def read(path: Path) -> str:
    """Read a file as each kind of document, and return which it was found to be."""
    kinds: dict[str, Callable[[Path], None]] = {
        "recipe": _read_recipe,
        "preset": _read_preset,
        "preset in an index": lambda path: _read_preset(path, "Dawn"),
        "metadata": _read_metadata,
    }
    found = [kind for kind, read in kinds.items() if _is_read(read, path)]
    return f"read as {', '.join(found)}" if found else "refused"


def _is_read(read: Callable[[Path], None], path: Path) -> bool:
    try:
        read(path)
    except DistillError as reason:
        _check_said(str(reason))
        return False
    return True


def _read_recipe(path: Path) -> None:
    recipe = Recipe.load(path)
    if not recipe.is_original:  # else it was Distill's own, which is not written
        assert Recipe.from_json(recipe.to_json(), document="again").to_json() == recipe.to_json()
    config = recipe.config
    assert config.steps > 0 and config.samples > 0
    if recipe.audio_format is not None:
        least_bytes(recipe.audio_format, frames=config.samples, channels=config.channels)
    try:
        Reproduction.of(recipe, folder=path.parent)
    except DistillError as reason:
        _check_said(str(reason))
    else:
        raise AssertionError("there is no artifact here")


def _read_preset(path: Path, name: str | None = None) -> None:
    preset = Preset.load(path, name=name)
    try:
        preset.kept.on(METADATA)
    except DistillError as reason:
        _check_said(str(reason))
    again = path.with_name("again.json")
    preset.save(again)
    try:
        assert Preset.load(again) == preset or name is not None  # of an index, keys become texts
    finally:
        again.unlink()


def _read_metadata(path: Path) -> None:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:  # whoever reads an artifact sees to that
        raise ArtifactError("not UTF-8") from None
    metadata = ArtifactMetadata.from_json(text)
    assert ArtifactMetadata.from_json(metadata.to_json()) == metadata
    file = ArtifactFile(path, path.stat().st_size, metadata)
    for line in (*describe(file).split("\n"), *listing([file, file]).split("\n")):
        assert line.isprintable(), "what is out of a file is printable"


def _check_said(message: str) -> None:
    assert message.isprintable(), "a message is one line, without control characters"
    assert len(message) < 800, "a message can be read"
