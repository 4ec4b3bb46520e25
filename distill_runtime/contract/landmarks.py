"""The landmarks in the metadata: where a model's own recordings lie in its latent space."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from distill_runtime.errors import ArtifactError
from distill_runtime.files.checks import brief
from distill_runtime.files.json_fields import JsonFields

MAX_LANDMARKS = 1024
MAX_LANDMARK_VALUES = 2**18  # of all vectors together
MIN_LANDMARK_WIDTH = 1e-6  # beside it, any float32 can still be squared
_LARGEST = 3e38  # of float32
_LARGEST_POTENTIAL = 1e9


@dataclass(frozen=True)
class Landmarks:
    """Encoded seconds of the recordings that a model was trained on; see latents/nearness.py.

    Attributes:
        vectors: `[count, latent_dim]`, each the mean that the encoder answered.
        potentials: `[count]`: added to a landmark's exponent, so that each has its share of seeds.
        widths: `[latent_dim]`, above 0: over what distance a landmark is felt, for each value.
        default: The nearness, 0 to 1, of sounds that ask for none.
    """

    vectors: tuple[tuple[float, ...], ...]
    potentials: tuple[float, ...]
    widths: tuple[float, ...]
    default: float

    def __post_init__(self) -> None:
        latent_dim, count = len(self.widths), len(self.vectors)
        if not 1 <= count <= MAX_LANDMARKS or count * latent_dim > MAX_LANDMARK_VALUES:
            raise ArtifactError(
                f"there are {count} landmarks of {latent_dim} values, expected 1 to "
                f"{MAX_LANDMARKS}, and {MAX_LANDMARK_VALUES} values at most"
            )
        if any(len(vector) != latent_dim for vector in self.vectors):
            raise ArtifactError(f"a landmark is of another size than {latent_dim} values")
        if len(self.potentials) != count or not all(map(_is_moderate, self.potentials)):
            raise ArtifactError(
                f"the landmarks' potentials are not {count} numbers within {_LARGEST_POTENTIAL:g}"
            )
        values = itertools.chain.from_iterable(self.vectors)
        if not all(-_LARGEST <= value <= _LARGEST for value in values):
            raise ArtifactError("a landmark lies beyond float32")
        if not all(MIN_LANDMARK_WIDTH <= width <= _LARGEST for width in self.widths):
            raise ArtifactError(
                f"a landmark has the width {brief(min(self.widths))}, expected a number from "
                f"{MIN_LANDMARK_WIDTH:g} on"
            )
        if not 0.0 <= self.default <= 1.0:
            raise ArtifactError(
                f"the default nearness is {brief(self.default)}, expected a number from 0 to 1"
            )

    @classmethod
    def from_fields(cls, fields: JsonFields, latent_dim: int) -> Landmarks:
        """Read the object "landmarks", whose vectors are one row after the other."""
        count = fields.integer("count", 1, MAX_LANDMARKS)
        values = iter(fields.numbers("vectors", count * latent_dim))
        potentials = fields.numbers("potentials", count)
        widths = fields.numbers("widths", latent_dim)
        vectors = tuple(tuple(itertools.islice(values, latent_dim)) for _ in range(count))
        with fields.about():
            return cls(vectors, potentials, widths, fields.number("default"))

    def document(self) -> dict[str, Any]:
        """Return the object as JSON has it."""
        return {
            "count": len(self.vectors),
            "vectors": list(itertools.chain.from_iterable(self.vectors)),
            "potentials": list(self.potentials),
            "widths": list(self.widths),
            "default": self.default,
        }


def _is_moderate(potential: float) -> bool:
    return abs(potential) <= _LARGEST_POTENTIAL
