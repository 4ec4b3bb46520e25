"""The sliders in the metadata: principal components of the latent space, and their ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from distill_runtime.files.json_fields import JsonFields

MAX_STEP = 1000


@dataclass(frozen=True)
class Slider:
    """One principal component of the latent space, played in whole steps.

    A position of `p` steps moves the latent vector by `p * step_size * component`.
    """

    name: str
    label: str
    component: tuple[float, ...]  # [latent_dim], unit length
    step_size: float
    min_step: int
    max_step: int
    safe_min_step: int
    safe_max_step: int
    warning_min_step: int
    warning_max_step: int
    variance_explained: float  # 0..1
    original_label: str | None = None  # the training program's, where the label is another

    @classmethod
    def from_fields(cls, fields: JsonFields, latent_dim: int) -> Slider:
        """Read one object of "sliders"."""
        steps = {
            key: fields.integer(key, -MAX_STEP, MAX_STEP)
            for edge in ("", "safe_", "warning_")
            for key in (f"{edge}min_step", f"{edge}max_step")
        }
        return cls(
            name=fields.text("name"),
            label=fields.text("label"),
            component=fields.numbers("component", latent_dim),
            step_size=fields.number("step_size"),
            variance_explained=fields.number("variance_explained"),
            original_label=fields.text("original_label") if "original_label" in fields else None,
            **steps,
        )

    def document(self) -> dict[str, Any]:
        """Return the object as JSON has it."""
        document = {**vars(self), "component": list(self.component)}
        if self.original_label is None:
            del document["original_label"]
        return document

    @property
    def first_label(self) -> str:
        """The label that the training program gave it, in whatever artifact of the model."""
        return self.label if self.original_label is None else self.original_label


@dataclass(frozen=True)
class SliderBank:
    """All sliders of a model and the latent vector at which every slider stands at 0."""

    mean: tuple[float, ...]  # [latent_dim]
    sliders: tuple[Slider, ...]

    @classmethod
    def from_fields(cls, fields: JsonFields, latent_dim: int) -> SliderBank:
        """Read the object "sliders"."""
        return cls(
            mean=fields.numbers("mean", latent_dim),
            sliders=tuple(
                Slider.from_fields(slider, latent_dim) for slider in fields.sections("sliders")
            ),
        )

    def document(self) -> dict[str, Any]:
        """Return the object as JSON has it."""
        return {
            "mean": list(self.mean),
            "sliders": [slider.document() for slider in self.sliders],
        }
