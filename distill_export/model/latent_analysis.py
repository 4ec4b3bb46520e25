"""The principal components of a model's latent space, which its sliders move along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from distill_export.model.arrays import finite_array
from distill_runtime.errors import ModelFileError, RequestError
from distill_runtime.files.json_fields import JsonFields

_OWNER = "latent_analysis"
_ANY_COUNT = 2**53


@dataclass(frozen=True, eq=False)
class LatentAnalysis:
    """What an analysis of the latent space found.

    A position of 1 moves the latent vector by one step size along a component.

    Attributes:
        version: Version of the analysis.
        pca_components: Unit vectors, `[n_active_components, latent_dim]`.
        pca_mean: The latent vector in the middle, `[latent_dim]`.
        explained_variance_ratio: Share of each component, `[n_active_components]`.
        n_active_components: Components that have a slider.
        component_labels: Names by number.
        suggested_labels: Names by what they change in the sound.
        safe_min: Lower end of the usual range along each component, `[n_active_components]`.
        safe_max: Upper end of the usual range.
        warning_min: Lower end of the range seen at all.
        warning_max: Upper end of the range seen at all.
        step_size: Distance of one slider step, `[n_active_components]`.
        n_steps: Positions of a slider.
        feature_correlations: Per feature of the sound, its correlation with each component.
        latent_dim: Values of a latent vector.
    """

    version: int
    pca_components: np.ndarray
    pca_mean: np.ndarray
    explained_variance_ratio: np.ndarray
    n_active_components: int
    component_labels: tuple[str, ...]
    suggested_labels: tuple[str, ...]
    safe_min: np.ndarray
    safe_max: np.ndarray
    warning_min: np.ndarray
    warning_max: np.ndarray
    step_size: np.ndarray
    n_steps: int
    feature_correlations: Mapping[str, list[float]]
    latent_dim: int

    @classmethod
    def from_dict(cls, values: object, *, latent_dim: int, document: str) -> LatentAnalysis:
        """Read the file's dict.

        Raises:
            ModelFileError: A value is missing, of a wrong type or shape, or not finite.
        """
        read = JsonFields(values, _OWNER, document=document, error=ModelFileError)
        assert isinstance(values, dict)
        if read.integer("latent_dim", 1, _ANY_COUNT) != latent_dim:
            raise ModelFileError(
                f"{document} has latent_dim {values['latent_dim']} in its {_OWNER}, "
                f"and {latent_dim} in its weights"
            )
        read.section("feature_correlations")  # a dict, and no more is asked of it
        count = read.integer("n_active_components", 1, latent_dim)

        def array(name: str, *shape: int) -> np.ndarray:
            return finite_array(values, name, shape, owner=_OWNER, document=document)

        analysis = cls(
            version=read.integer("version", 1, 1),
            pca_components=array("pca_components", count, latent_dim),
            pca_mean=array("pca_mean", latent_dim),
            explained_variance_ratio=array("explained_variance_ratio", count),
            n_active_components=count,
            component_labels=read.texts("component_labels"),
            suggested_labels=read.texts("suggested_labels"),
            safe_min=array("safe_min", count),
            safe_max=array("safe_max", count),
            warning_min=array("warning_min", count),
            warning_max=array("warning_max", count),
            step_size=array("step_size", count),
            n_steps=read.integer("n_steps", 1, _ANY_COUNT),
            feature_correlations=values["feature_correlations"],
            latent_dim=latent_dim,
        )
        analysis._check(document)
        return analysis

    def _check(self, document: str) -> None:
        for name in ("component_labels", "suggested_labels"):
            if len(getattr(self, name)) != self.n_active_components:
                raise ModelFileError(
                    f"{document} has {len(getattr(self, name))} {name} "
                    f"for {self.n_active_components} components"
                )
        if (self.step_size <= 0).any():
            raise ModelFileError(f"{document} has a slider whose step_size is not above 0")
        for kind in ("safe", "warning"):
            if (getattr(self, f"{kind}_min") > getattr(self, f"{kind}_max")).any():
                raise ModelFileError(f"{document} has a slider whose {kind} range is upside down")

    def latent_vector(self, positions: Sequence[float]) -> np.ndarray:
        """Return where sliders lead: the mean, and from there so many steps along each component.

        Args:
            positions: In steps, one for each component.

        Returns:
            float32 `[latent_dim]`.

        Raises:
            RequestError: There are more or fewer positions than components.
        """
        if len(positions) != self.n_active_components:
            raise RequestError(
                f"there are {len(positions)} slider positions, expected one for each of the "
                f"{self.n_active_components} components"
            )
        vector = self.pca_mean.astype(np.float32)
        for position, step, component in zip(
            positions, self.step_size, self.pca_components, strict=True
        ):
            vector += np.float32(position * float(step)) * component.astype(np.float32)
        return vector

    def to_dict(self) -> dict[str, Any]:
        """Return the dict that the file holds."""
        return {
            **vars(self),
            "component_labels": list(self.component_labels),
            "suggested_labels": list(self.suggested_labels),
            "feature_correlations": dict(self.feature_correlations),
        }
