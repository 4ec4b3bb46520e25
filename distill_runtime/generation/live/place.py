"""Where a live sound is to be: a point of the latent space, and how it wanders from there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.errors import RequestError
from distill_runtime.files.json_fields import JsonFields
from distill_runtime.latents.controls import check_controls, control_shift
from distill_runtime.latents.nearness import check_nearness, resolve_nearness
from distill_runtime.latents.seeds import SEED_LIMIT, check_seed
from distill_runtime.latents.shares import check_share
from distill_runtime.latents.sliders import check_positions, latent_vector
from distill_runtime.latents.written_steps import plain_position


@dataclass(frozen=True)
class Place:
    """What the hands ask for, at one moment.

    Attributes:
        seed: Of the random anchors, 0 to 2^32 - 1.
        sliders: A position for each slider, in steps; None if it is not sliders that say where.
        vector: `[latent_dim]`, where nothing else says where. Without either, the sound walks
            from anchor to anchor, as `generate` does.
        controls: Steps of named controls, which move all of it; those at 0 are left out.
        nearness: How far all of it is pulled to where the recordings lie, 0 to 1.
        drift: How far it wanders from the place, 0 to 1.
        hold: Whether the wandering stands still.
    """

    seed: int
    sliders: tuple[float, ...] | None = None
    vector: tuple[float, ...] | None = None
    controls: tuple[tuple[str, float], ...] = ()
    drift: float = 0.0
    hold: bool = False
    nearness: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", check_seed(self.seed))
        object.__setattr__(self, "drift", check_share("the drift", self.drift))
        object.__setattr__(self, "nearness", check_nearness(self.nearness))
        controls = check_controls(dict(self.controls)) or {}
        kept = tuple((name, steps) for name, steps in controls.items() if steps)
        object.__setattr__(self, "controls", kept)
        if self.sliders is not None:
            object.__setattr__(self, "sliders", tuple(map(plain_position, self.sliders)))

    @property
    def walks(self) -> bool:
        """Whether it goes from anchor to anchor, and stays nowhere."""
        return self.sliders is None and self.vector is None

    def check_on(self, artifact: Artifact) -> None:
        """See that an artifact can be there.

        Raises:
            RequestError: The sliders, the vector or a control do not fit the artifact.
        """
        if self.vector is not None:
            artifact.check_latent_vector(self.vector)
        elif self.sliders is not None:
            bank = artifact.metadata.sliders
            if bank is None:
                raise RequestError("this model has no sliders: move to a latent vector instead")
            latent_vector(bank, check_positions(bank.sliders, self.sliders))
        if self.controls:
            control_shift(artifact.controls, dict(self.controls))
        resolve_nearness(self.nearness, artifact.landmarks, artifact.name)

    def changes_from(self, other: Place | None) -> dict[str, Any]:
        """Return what JSON has to say so that the reader of the other place knows this one."""
        document = {
            "seed": self.seed,
            "sliders": self.sliders and list(self.sliders),
            "vector": self.vector and list(self.vector),
            "controls": dict(self.controls),
            "drift": self.drift,
            "hold": self.hold,
            "nearness": self.nearness,
        }
        if other is None:
            if not self.nearness:  # programs of before know none
                del document["nearness"]
            return document
        before = {"nearness": 0.0, **other.changes_from(None)}
        return {key: value for key, value in document.items() if value != before[key]}

    @classmethod
    def from_changes(cls, fields: JsonFields, other: Place | None) -> Place:
        """Read a place, or what it changes of another.

        Raises:
            DistillError: A field is missing, of the wrong type or out of range.
        """
        changes: dict[str, Any] = {}
        if other is None or "seed" in fields:
            changes["seed"] = fields.integer("seed", 0, SEED_LIMIT - 1)
        for key in ("sliders", "vector"):
            if other is None or key in fields:
                changes[key] = fields.optional_numbers(key)
        if other is None or "controls" in fields:
            controls = fields.section("controls")
            changes["controls"] = tuple((name, controls.number(name)) for name in controls.names())
        if other is None or "drift" in fields:
            changes["drift"] = fields.number("drift")
        if other is None or "hold" in fields:
            changes["hold"] = fields.boolean("hold")
        if "nearness" in fields:
            changes["nearness"] = fields.number("nearness")
        with fields.about():
            return cls(**changes) if other is None else replace(other, **changes)
