"""What a pipeline plays: one artifact, or up to four of them blended into one sound.

*Latent* blending averages the vectors at which the models' sliders stand and plays the result on
the first model. *Audio* blending lets every model make its own finished sound and averages those.
Either starts from sliders: where none is set they all stand at 0. A single artifact may also walk
between random anchors. A model of weight 0 takes no part.

Controls move every model along its own direction of that name; a model without it stays where it
is. A latent blend moves by the average. Nearness pulls every model that renders towards its own
recordings, and a model that does not know where they lie stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from distill_runtime.arrays import Float32Array, FloatArray
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.single_threaded import single_threaded
from distill_runtime.contract import Control, Slider
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.shown import shown
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.latents.blend import average, check_weight, normalized_weights, union_sliders
from distill_runtime.latents.controls import control_shift, resolve_controls, union_controls
from distill_runtime.latents.nearness import Pull, resolve_nearness
from distill_runtime.latents.sliders import check_positions, latent_vector

LATENT, AUDIO = "latent", "audio"
MODES = (LATENT, AUDIO)
MAX_MODELS = 4


class Blend:
    """One to four artifacts that sound together.

    Args:
        artifacts: One to four. The first with a weight above 0 plays a latent blend.
        weights: One for each artifact, in any unit; all 0, or left out, means equal.
        mode: "latent" or "audio".

    Attributes:
        artifacts: As given.
        weights: As given: to be kept where the blend is to be made again, for normalising what is
            normal already may change a last bit.
        mode: "latent" or "audio".
        parts: The artifacts that take part.
        shares: One for each part; their sum is 1.

    Raises:
        RequestError: There are too few or too many artifacts, a weight or the mode is not one, or
            the models' latent vectors are of different sizes and cannot be averaged.
    """

    def __init__(
        self,
        artifacts: Sequence[Artifact],
        weights: Sequence[float] | None = None,
        mode: str = LATENT,
    ) -> None:
        if not 1 <= len(artifacts) <= MAX_MODELS:
            raise RequestError(
                f"there are {len(artifacts)} models to blend, expected 1 to {MAX_MODELS}"
            )
        weights = [1.0] * len(artifacts) if weights is None else weights
        if len(weights) != len(artifacts):
            raise RequestError(
                f"there are {len(weights)} weights for {len(artifacts)} models, expected one each"
            )
        if mode not in MODES:
            raise RequestError(
                f"the blend mode is {brief(mode)}, expected {' or '.join(MODES)}",
                setting="the blend mode",
            )
        shares = normalized_weights(weights)
        self.artifacts = tuple(artifacts)
        self.weights = tuple(check_weight(weight) for weight in weights)
        self.mode = mode
        taking_part = [(a, share) for a, share in zip(artifacts, shares, strict=True) if share]
        self.parts = tuple(artifact for artifact, _ in taking_part)
        self.shares = tuple(share for _, share in taking_part)
        if mode == LATENT:
            for other in self.parts[1:]:
                _check_same_size(self.parts[0], other)

    @classmethod
    def of(cls, source: Artifact | Blend) -> Blend:
        """Return a blend as it is, and an artifact as the blend of one."""
        return source if isinstance(source, Blend) else cls([source])

    def single_threaded(self) -> Blend:
        """Return the same, but each artifact in a session of one thread.

        Raises:
            ArtifactError: A file is gone by now.
        """
        singles = {id(part): single_threaded(part) for part in self.renderers}
        artifacts = [singles.get(id(artifact), artifact) for artifact in self.artifacts]
        return Blend(artifacts, self.weights, self.mode)

    @property
    def is_single(self) -> bool:
        """Whether it is one artifact, which may walk without sliders."""
        return len(self.artifacts) == 1

    @property
    def mixes_sounds(self) -> bool:
        """Whether several finished sounds are made and averaged."""
        return self.mode == AUDIO and not self.is_single

    @property
    def renderers(self) -> tuple[Artifact, ...]:
        """The artifacts that render: all parts of an audio blend, else the first."""
        return self.parts if self.mixes_sounds else self.parts[:1]

    @cached_property
    def sliders(self) -> tuple[Slider, ...]:
        """The union of the parts' sliders, see `union_sliders`."""
        return union_sliders([artifact.sliders for artifact in self.parts])

    @cached_property
    def controls(self) -> tuple[Control, ...]:
        """The union of the parts' controls, see `union_controls`."""
        return union_controls([artifact.controls for artifact in self.parts])

    def shifts(self, config: GenerationConfig) -> tuple[Float32Array | None, ...]:
        """Return what controls add to a request's latent vectors, on each of the renderers.

        Args:
            config: A request with the names of this blend's controls.

        Returns:
            `[latent_dim]` for each renderer, or None where nothing is moved.

        Raises:
            RequestError: No part has a control of that name, or they lead beyond float32.
        """
        if not config.controls:
            return (None,) * len(self.renderers)
        asked = resolve_controls(self.controls, config.controls).steps
        shifts = []
        for artifact in self.parts:
            own = {control.name.casefold() for control in artifact.controls}
            steps = {name: value for name, value in asked.items() if name.casefold() in own}
            still = np.zeros(artifact.latent_dim, np.float32)
            shifts.append(control_shift(artifact.controls, steps) if steps else still)
        return tuple(shifts) if self.mixes_sounds else (average(shifts, self.shares),)

    @cached_property
    def pulls(self) -> tuple[Pull | None, ...]:
        """What draws each renderer's latent vectors to its recordings, where they are known."""
        known = [artifact.landmarks for artifact in self.renderers]
        return tuple(None if landmarks is None else Pull(landmarks) for landmarks in known)

    def nearness(self, asked: object) -> float | None:
        """Return the nearness that sounds have; see `resolve_nearness`.

        The model's own is that of the first renderer which knows where its recordings lie.

        Raises:
            RequestError: It is not from 0 to 1, or none of the renderers knows that.
        """
        known = [a.landmarks for a in self.renderers if a.landmarks is not None]
        return resolve_nearness(asked, known[0] if known else None, self.renderers[0].name)

    def without_level(self, config: GenerationConfig) -> GenerationConfig | None:
        """Return a request without the controls that change the level; None if it sets none."""
        levels = {control.name for control in self.controls if control.is_level}
        asked = config.controls or {}
        rest = {name: steps for name, steps in asked.items() if name not in levels}
        return None if len(rest) == len(asked) else replace(config, controls=rest)

    def start_vectors(self, config: GenerationConfig) -> tuple[Float32Array | None, ...]:
        """Return where the path of a request starts, on each of the renderers.

        Args:
            config: A request whose sliders, if it has some, are positions.

        Returns:
            `[latent_dim]` for each renderer, or None for a walk between random anchors.

        Raises:
            RequestError: The positions are not right for the sliders, or the latent vector is of
                another size than a renderer's.
        """
        if config.latent_vector is not None:
            vector = np.array(config.latent_vector, np.float32)
            for renderer in self.renderers:
                renderer.check_latent_vector(vector)
            return (vector,) * len(self.renderers)
        if config.sliders is None and self.is_single:
            return (None,)
        vectors = self._slider_vectors(config.sliders)
        return vectors if self.mixes_sounds else (average(vectors, self.shares),)

    def mix(self, sounds: Sequence[FloatArray]) -> Float32Array:
        """Average blocks `[channels, samples]` of the renderers' finished sounds."""
        return average([np.asarray(sound, np.float32) for sound in sounds], self.shares)

    def _slider_vectors(self, positions: object) -> tuple[Float32Array, ...]:
        """Return the vector at which each part's own sliders stand, zeros without sliders.

        Position i is that of slider i of every part that has one; None: all stand at 0.
        """
        asked = [0] * len(self.sliders) if positions is None else positions
        assert isinstance(asked, Sequence), "the sliders were not resolved"
        checked = check_positions(self.sliders, asked)
        vectors = []
        for artifact in self.parts:
            bank = artifact.metadata.sliders
            if bank is None:
                vectors.append(np.zeros(artifact.latent_dim, np.float32))
            else:
                vectors.append(latent_vector(bank, checked[: len(bank.sliders)]))
        return tuple(vectors)


def _check_same_size(first: Artifact, other: Artifact) -> None:
    if first.latent_dim != other.latent_dim:
        raise RequestError(
            f"{_described(first)} and {_described(other)} cannot be averaged: "
            "blend them in audio mode"
        )


def _described(artifact: Artifact) -> str:
    name, size = artifact.metadata.model.name, artifact.latent_dim
    return f"{shown(artifact.path)} (model {brief(name)}, latent vectors of {size} values)"
