"""Rendering a file again from its recipe."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from distill_runtime import __version__
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.search import find_named
from distill_runtime.artifact.session import SessionOptions, onnxruntime_version
from distill_runtime.errors import DependencyError, RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.one_line import one_line
from distill_runtime.files.shown import shown
from distill_runtime.generation.batch import Progress
from distill_runtime.generation.blend import LATENT, Blend
from distill_runtime.generation.live.recording import repeated
from distill_runtime.generation.pipeline import GenerationPipeline
from distill_runtime.generation.recipe import Ingredient, Recipe
from distill_runtime.generation.result import GenerationResult
from distill_runtime.generation.sofa_search import with_sofa


@dataclass(frozen=True)
class Reproduction:
    """A recipe with its artifacts at hand.

    Attributes:
        warnings: A line for everything that is not as it was, so that the sound may differ.
    """

    recipe: Recipe
    pipeline: GenerationPipeline
    warnings: tuple[str, ...]

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        artifacts: Sequence[str | os.PathLike[str]] = (),
        *,
        folder: str | os.PathLike[str] = ".",
        other_artifacts: bool = False,
        check_space: bool = True,
        trust: bool = False,
        sofa: str | os.PathLike[str] | None = None,
    ) -> Reproduction:
        """Find and load the artifacts of a recipe.

        Args:
            recipe: What to render.
            artifacts: The artifacts' paths, in the recipe's order, or in any if their hashes fit;
                empty to look for them.
            folder: Where artifacts are looked for by name, before the current folder and those
                of the environment variable DISTILL_ARTIFACTS.
            other_artifacts: Whether to render with artifacts whose bytes are not the recipe's.
            check_space: As for `GenerationPipeline`.
            trust: Whether to load graphs that distill-export did not write.
            sofa: The path of the SOFA file that the recipe names, if it names one; without it, it
                is looked for by name as artifacts are.

        Raises:
            RequestError: An artifact or the SOFA file is missing, or it is not the recipe's.
            ArtifactError: A file is not an artifact.
            BackendError: The recipe's provider does not start here.
        """
        recipe = _with_sofa(recipe, folder, sofa)
        given = [ArtifactFile.inspect(path, trust=trust) for path in artifacts]
        files = _chosen(recipe, given)
        if not files:
            wanted = recipe.ingredients
            files = [_found(ingredient, Path(folder), trust=trust) for ingredient in wanted]
        warnings: list[str] = []
        if recipe.is_original:
            warnings.append(
                "Distill itself made this sound: it is met within the rounding of its own float32, "
                "and its model is known by name alone"
            )
        hashes = [file.sha256() for file in files]
        for ingredient, file, sha256 in zip(recipe.ingredients, files, hashes, strict=True):
            _compare(ingredient, file, sha256, warnings, other_artifacts=other_artifacts)
        if recipe.runtime != __version__:
            then = one_line(recipe.runtime)[:40]
            warnings.append(f"the recipe is of distill-run {then}, this is {__version__}")
        if recipe.onnxruntime != (present := onnxruntime_version()):
            then = one_line(recipe.onnxruntime)[:40]
            warnings.append(f"the recipe is of onnxruntime {then}, this is {present}")
        loaded = [
            _load(file, sha256, recipe, warnings, trust=trust)
            for file, sha256 in zip(files, hashes, strict=True)
        ]
        weights = [ingredient.weight for ingredient in recipe.ingredients]
        blend = Blend(loaded, weights, recipe.blend_mode or LATENT)
        pipeline = GenerationPipeline(blend, check_space=check_space)
        return cls(recipe, pipeline, tuple(dict.fromkeys(warnings)))

    def generate(self, *, progress: Progress | None = None) -> GenerationResult:
        """Render the sound.

        Args:
            progress: As for `GenerationPipeline.generate`.

        Raises:
            BackendError: onnxruntime failed.
        """
        if self.recipe.performance is not None:
            return repeated(self.pipeline.blend.artifacts[0], self.recipe)
        return self.pipeline.generate(self.recipe.config, progress=progress)


def _with_sofa(
    recipe: Recipe, folder: str | os.PathLike[str], path: str | os.PathLike[str] | None
) -> Recipe:
    """Return a recipe with the SOFA file that it names, read."""
    stereo = recipe.config.stereo
    if path is not None and stereo.sofa is None:
        raise RequestError("the recipe names no SOFA file: leave it out", setting="sofa")
    stereo = with_sofa(stereo, folder, path=path)
    return replace(recipe, config=replace(recipe.config, stereo=stereo))


def _load(
    file: ArtifactFile, sha256: str, recipe: Recipe, warnings: list[str], *, trust: bool
) -> Artifact:
    options = SessionOptions(provider=recipe.provider, threads=recipe.threads)
    try:
        artifact = Artifact.load(file.path, options=options, trust=trust)
    except DependencyError:
        warnings.append("the recipe is of CUDA, which is not here: the CPU rounds differently")
        options = SessionOptions(provider="cpu", threads=recipe.threads)
        artifact = Artifact.load(file.path, options=options, trust=trust)
    if artifact.sha256 != sha256:  # what was compared with the recipe
        raise RequestError(f"{shown(file.path)}: it was changed while it was loaded: try again")
    return artifact


def _chosen(recipe: Recipe, files: list[ArtifactFile]) -> list[ArtifactFile]:
    """Put the artifacts that were given into the recipe's order."""
    if files and len(files) != len(recipe.ingredients):
        names = ", ".join(brief(ingredient.name) for ingredient in recipe.ingredients[:4])
        raise RequestError(
            f"there are {len(files)} artifacts, the recipe has {len(recipe.ingredients)}: {names}"
        )
    if len(files) > 1:
        by_hash = {file.sha256(): file for file in files}
        wanted = [ingredient.sha256 or "" for ingredient in recipe.ingredients]
        if set(wanted) == set(by_hash):
            return [by_hash[sha256] for sha256 in wanted]
    return files


def _found(ingredient: Ingredient, folder: Path, *, trust: bool) -> ArtifactFile:
    path = find_named(
        ingredient.name,
        folder,
        what=brief(ingredient.name),
        remedy="give its path after the file's",
    )
    return ArtifactFile.inspect(path, trust=trust)


def _compare(
    ingredient: Ingredient,
    file: ArtifactFile,
    sha256: str,
    warnings: list[str],
    *,
    other_artifacts: bool,
) -> None:
    if ingredient.sha256 in (None, sha256):
        return
    metadata = file.metadata
    if metadata.model.id != ingredient.model_id:
        what = f"another model, {brief(metadata.model.name)}"
    elif metadata.precision != ingredient.precision:
        what = f"the {metadata.precision} variant, the recipe is of {ingredient.precision}"
    else:
        what = "another export of the same model"
    message = (
        f"{shown(file.path)} is not the {brief(ingredient.name)} of the recipe but {what} "
        f"(SHA-256 {sha256[:12]}..., not {str(ingredient.sha256)[:12]}...)"
    )
    if not other_artifacts:
        raise RequestError(
            f"{message}: other_artifacts=True renders with it all the same",
            setting="other_artifacts=True",
        )
    warnings.append(message)
