"""The models that are served, loaded once and for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from distill_runtime.artifact.session import SessionOptions
from distill_runtime.contract import ARTIFACT_ENDINGS, ONNX, Control, Slider
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.paths import files_in, is_folder
from distill_runtime.files.shown import shown
from distill_runtime.generation.pipeline import GenerationPipeline
from distill_runtime.serving.gathering import SharedArtifact
from distill_runtime.serving.problems import ProblemError


@dataclass(frozen=True)
class Model:
    """A model that is served.

    Attributes:
        name: By which it is asked for: its file's, without the ending.
        artifact: It.
        pipeline: Renders its sounds.
    """

    name: str
    artifact: SharedArtifact
    pipeline: GenerationPipeline

    def document(self) -> dict[str, Any]:
        """Return what a client has to know to ask for its sounds."""
        artifact, metadata = self.artifact, self.artifact.metadata
        return {
            "name": self.name,
            "sha256": artifact.sha256,
            "title": metadata.model.name,
            "description": metadata.model.description,
            "tags": list(metadata.model.tags),
            "reconstruction": metadata.reconstruction,
            "precision": metadata.precision,
            "sample_rate_hz": artifact.sample_rate_hz,
            "latent_dim": artifact.latent_dim,
            "sliders": [_slider(index, one) for index, one in enumerate(artifact.sliders)],
            "controls": [_control(one) for one in artifact.controls],
            "has_nearness": artifact.landmarks is not None,
        }


class Models:
    """Models by their names, and by the hashes of their files.

    Args:
        models: At least one.
    """

    def __init__(self, models: Iterable[Model]) -> None:
        self._by_name = {model.name: model for model in models}
        self._by_hash = {model.artifact.sha256: model for model in self._by_name.values()}

    @classmethod
    def load(cls, paths: Sequence[Path], *, threads: int = 0, trust: bool = False) -> Models:
        """Load artifacts.

        Args:
            paths: Files, and folders that hold some.
            threads: See `SessionOptions`.
            trust: See `Artifact.load`.

        Raises:
            RequestError: There is none, or two have one name.
            ArtifactError: A file cannot be played.
        """
        files = [file for path in paths for file in _files(path)]
        if not files:
            raise RequestError(
                f"there is no artifact in {', '.join(map(shown, paths))}: distill-export writes one"
            )
        options = SessionOptions(threads=threads)
        models: dict[str, Model] = {}
        for file in files:
            if file.stem in models:
                raise RequestError(f"two artifacts are called {brief(file.stem)}: rename one")
            artifact = SharedArtifact.load(file, options=options, trust=trust)
            assert isinstance(artifact, SharedArtifact)
            models[file.stem] = Model(file.stem, artifact, GenerationPipeline(artifact))
        return cls(models.values())

    def __iter__(self) -> Iterator[Model]:
        return iter(self._by_name.values())

    def named(self, name: object) -> Model:
        """Return the model of a name, or the only one if none is named.

        Raises:
            RequestError: None is named, and there are several.
            ProblemError: There is none of that name.
        """
        if name is None and len(self._by_name) == 1:
            return next(iter(self._by_name.values()))
        expected = ", ".join(self._by_name)
        if not isinstance(name, str):
            raise RequestError(f"model is {brief(name)}, expected one of {expected}")
        if name not in self._by_name:
            raise ProblemError(
                HTTPStatus.NOT_FOUND,
                f"no model is called {brief(name)}, expected one of {expected}",
            )
        return self._by_name[name]

    def with_hash(self, sha256: str | None) -> Model:
        """Return the model whose file has a SHA-256.

        Raises:
            ProblemError: There is none.
        """
        if sha256 is None or sha256 not in self._by_hash:
            raise ProblemError(
                HTTPStatus.NOT_FOUND,
                f"no artifact with SHA-256 {brief(sha256, 70)} is served here",
            )
        return self._by_hash[sha256]


def _files(path: Path) -> list[Path]:
    return list(files_in(path, (ARTIFACT_ENDINGS[ONNX],))) if is_folder(path) else [path]


def _slider(index: int, slider: Slider) -> dict[str, Any]:
    return {
        "index": index,
        "label": slider.label,
        "min": slider.min_step,
        "max": slider.max_step,
        "safe_min": slider.safe_min_step,
        "safe_max": slider.safe_max_step,
    }


def _control(control: Control) -> dict[str, Any]:
    return {
        "name": control.name,
        "unit": control.unit,
        "change_per_step": control.change_per_step,
        "safe_min": control.safe_min_step,
        "safe_max": control.safe_max_step,
    }
