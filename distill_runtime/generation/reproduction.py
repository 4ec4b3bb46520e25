"""Rendering a file again from its recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from distill_runtime import __version__
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.session import SessionOptions, onnxruntime_version
from distill_runtime.audio_file.tag_reader import read_tags
from distill_runtime.audio_file.tags import Tags
from distill_runtime.errors import DependencyError, RequestError
from distill_runtime.files.input_file import read_text
from distill_runtime.generation.pipeline import GenerationPipeline, GenerationResult
from distill_runtime.generation.recipe import MAX_BYTES, Ingredient, Recipe, find_recipe
from distill_runtime.latents.blend import BlendEngine


@dataclass(frozen=True)
class Reproduction:
    """A recipe with its artifacts at hand.

    Attributes:
        warnings: A line for everything that is not as it was, so that the sound may differ.
    """

    recipe: Recipe
    pipeline: GenerationPipeline
    warnings: tuple[str, ...]

    def generate(self) -> GenerationResult:
        """Render the sound.

        Raises:
            BackendError: onnxruntime failed.
        """
        return self.pipeline.generate(self.recipe.config)


def load_recipe(file: Path) -> Recipe:
    """Read the recipe that a sound carries, or a sidecar holds.

    Raises:
        RequestError: There is no such file, or no recipe in it.
    """
    if _is_sidecar(file):
        try:
            text = read_text(file, kind="a recipe", max_bytes=MAX_BYTES, error=RequestError)
        except RequestError as error:
            raise RequestError(f"{file}: {error}") from None
        return find_recipe(text, document=str(file))
    return find_recipe(read_tags(file).comment, document=str(file))


def load_tags(file: Path) -> Tags | None:
    """Read title, artist and album of a sound; a sidecar has none.

    Raises:
        InputError: There is no such file, or it is no audio file.
    """
    return None if _is_sidecar(file) else read_tags(file)


def prepare(
    recipe: Recipe,
    folder: Path,
    artifacts: Sequence[Path],
    *,
    other_artifacts: bool = False,
    trust: bool = False,
) -> Reproduction:
    """Find and load the artifacts of a recipe.

    Args:
        recipe: What to render.
        folder: Where artifacts are looked for by name, before the current folder.
        artifacts: The artifacts' paths, in the recipe's order, or in any if their hashes fit;
            empty to look for them.
        other_artifacts: Whether to render with artifacts whose bytes are not the recipe's.
        trust: Whether to load graphs that distill-export did not write.

    Raises:
        RequestError: An artifact is missing, or it is not the recipe's.
        ArtifactError: A file is no artifact.
        BackendError: The recipe's provider does not start here.
    """
    given = [ArtifactFile.inspect(path, trust=trust) for path in artifacts]
    files = _chosen(recipe, given)
    if not files:
        files = [_found(ingredient, folder, trust=trust) for ingredient in recipe.ingredients]
    warnings: list[str] = []
    for ingredient, file in zip(recipe.ingredients, files, strict=True):
        _compare(ingredient, file, warnings, other_artifacts=other_artifacts)
    if recipe.runtime != __version__:
        warnings.append(f"the recipe is of distill-run {recipe.runtime}, this is {__version__}")
    if recipe.onnxruntime != (present := onnxruntime_version()):
        warnings.append(f"the recipe is of onnxruntime {recipe.onnxruntime}, this is {present}")
    loaded = [_load(file, recipe, warnings, trust=trust) for file in files]
    engine = None
    if recipe.blend_mode is not None:
        weights = [ingredient.weight for ingredient in recipe.ingredients]
        engine = BlendEngine(loaded, weights, recipe.blend_mode)
    pipeline = GenerationPipeline(loaded[0], blend=engine)
    return Reproduction(recipe, pipeline, tuple(dict.fromkeys(warnings)))


def _is_sidecar(file: Path) -> bool:
    return file.suffix.lower() == ".json"


def _load(file: ArtifactFile, recipe: Recipe, warnings: list[str], *, trust: bool) -> Artifact:
    options = SessionOptions(provider=recipe.provider, threads=recipe.threads)
    try:
        return Artifact.load(file.path, options=options, trust=trust)
    except DependencyError:
        warnings.append("the recipe is of CUDA, which is not here: the CPU rounds differently")
        options = SessionOptions(provider="cpu", threads=recipe.threads)
        return Artifact.load(file.path, options=options, trust=trust)


def _chosen(recipe: Recipe, files: list[ArtifactFile]) -> list[ArtifactFile]:
    """Put the artifacts that were given into the recipe's order."""
    if files and len(files) != len(recipe.ingredients):
        names = ", ".join(ingredient.name for ingredient in recipe.ingredients)
        raise RequestError(
            f"there are {len(files)} artifacts, the recipe has {len(recipe.ingredients)}: {names}"
        )
    if len(files) > 1:
        by_hash = {file.sha256(): file for file in files}
        wanted = [ingredient.sha256 for ingredient in recipe.ingredients]
        if set(wanted) == set(by_hash):
            return [by_hash[sha256] for sha256 in wanted]
    return files


def _found(ingredient: Ingredient, folder: Path, *, trust: bool) -> ArtifactFile:
    for place in (folder, Path()):
        path = place / ingredient.name
        if path.is_file():
            return ArtifactFile.inspect(path, trust=trust)
    raise RequestError(
        f"{ingredient.name} is neither in {folder} nor here: give its path after the file's"
    )


def _compare(
    ingredient: Ingredient, file: ArtifactFile, warnings: list[str], *, other_artifacts: bool
) -> None:
    if file.sha256() == ingredient.sha256:
        return
    metadata = file.metadata
    if metadata.model.id != ingredient.model_id:
        what = f"another model, {metadata.model.name!r}"
    elif metadata.precision != ingredient.precision:
        what = f"the {metadata.precision} variant, the recipe is of {ingredient.precision}"
    else:
        what = "another export of the same model"
    message = (
        f"{file.path} is not the {ingredient.name} of the recipe but {what} "
        f"(SHA-256 {file.sha256()[:12]}..., not {ingredient.sha256[:12]}...)"
    )
    if not other_artifacts:
        raise RequestError(f"{message}: --force renders with it anyway")
    warnings.append(message)
