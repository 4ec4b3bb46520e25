"""The latent vectors of a place, step after step, without an end.

A sound that `generate` makes has its anchors spread over its duration. One without an end has them
at the spacing that they have in sounds of some seconds, so that the first minute of a seed's walk
is what `generate` plays for a minute of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.generation.live.place import Place
from distill_runtime.latents.controls import control_shift
from distill_runtime.latents.nearness import Pull
from distill_runtime.latents.seeds import TorchGenerator
from distill_runtime.latents.sliders import latent_vector
from distill_runtime.latents.trajectory import slerp

_STEPS_PER_ANCHOR = 2  # of a walk: an anchor a second
_STEPS_PER_DRIFT = 3  # of a drift: one in a second and a half
_KEPT_ANCHORS = 64

# After so many steps, six days, a seed's walk begins anew: its anchors have to be drawn in order.
MAX_PHASE = 2**20


class Path:
    """The latent vectors of places on one artifact.

    Args:
        artifact: What plays.
        rows: Voices: row i takes the i-th seed from the place's on.
    """

    def __init__(self, artifact: Artifact, rows: int) -> None:
        self._artifact = artifact
        self._anchors: dict[int, _Anchors] = {}
        self._shifted_by: tuple[tuple[str, float], ...] = ()
        self._shift_vector = np.zeros(artifact.latent_dim, np.float32)
        self.rows = rows

    def latents(self, place: Place, phase: int) -> Float32Array:
        """Return the latent vectors `[rows, latent_dim]` of a step.

        Args:
            place: A place on the artifact.
            phase: How many steps the wandering has come, 0 at its beginning.
        """
        seeds = [place.seed + row for row in range(self.rows)]
        self._anchors = {
            seed: self._anchors.get(seed) or _Anchors(seed, self._artifact.latent_dim)
            for seed in seeds
        }
        rows = np.stack([self._voice(place, seed, phase) for seed in seeds])
        if place.nearness:
            rows = self._pull(rows, place.nearness)
        return rows + self._shift(place) if place.controls else rows

    @cached_property
    def _pull(self) -> Pull:
        landmarks = self._artifact.landmarks
        assert landmarks is not None, "the place was not checked"
        return Pull(landmarks)

    def _voice(self, place: Place, seed: int, phase: int) -> Float32Array:
        anchors = self._anchors[seed]
        if place.walks:
            index, part = divmod(phase, _STEPS_PER_ANCHOR)
            return slerp(anchors[index], anchors[index + 1], part / _STEPS_PER_ANCHOR)
        vector = self.vector(place)
        if place.drift == 0.0:
            return vector
        index, part = divmod(phase, _STEPS_PER_DRIFT)
        near, far = (
            vector if anchor == 0 else slerp(vector, anchors[anchor - 1], place.drift)
            for anchor in (index, index + 1)
        )
        return slerp(near, far, part / _STEPS_PER_DRIFT)

    def vector(self, place: Place) -> Float32Array:
        """Return the point `[latent_dim]` that a place which does not walk wanders around."""
        if place.vector is not None:
            return np.array(place.vector, np.float32)
        bank = self._artifact.metadata.sliders
        assert bank is not None and place.sliders is not None, "the place was not checked"
        return latent_vector(bank, place.sliders)

    def _shift(self, place: Place) -> Float32Array:
        """Return what the controls add to every latent vector, `[latent_dim]`."""
        if self._shifted_by != place.controls:
            self._shifted_by = place.controls
            self._shift_vector = control_shift(self._artifact.controls, dict(place.controls))
        return self._shift_vector


class _Anchors(Sequence[Float32Array]):
    """The random vectors of a seed, drawn when they are needed; some of the last are kept."""

    def __init__(self, seed: int, latent_dim: int) -> None:
        self._seed = seed
        self._latent_dim = latent_dim
        self._begin()

    def _begin(self) -> None:
        self._generator = TorchGenerator(self._seed)
        self._kept: list[Float32Array] = []
        self._first = 0

    def __len__(self) -> int:
        return self._first + len(self._kept)

    def __getitem__(self, index: int) -> Float32Array:  # type: ignore[override]
        if index < self._first:
            self._begin()
        while index >= len(self):
            self._kept += list(self._generator.randn_rows(_KEPT_ANCHORS // 2, self._latent_dim))
            surplus = max(0, len(self._kept) - _KEPT_ANCHORS)
            self._kept = self._kept[surplus:]
            self._first += surplus
        return self._kept[index - self._first]
