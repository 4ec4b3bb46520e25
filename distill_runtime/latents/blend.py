"""Blending up to four models: one sound from averaged latent vectors, or averaged sounds.

*Latent* blending averages the vectors at which the models' sliders stand and plays the result on
the first model. So it always starts from a vector: without any slider set, from the average of
the vectors at which all sliders stand at 0, and there is no crossfade between random anchors.
*Audio* blending lets every model make its own finished sound, in any mode, and averages those.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.contract import Slider
from distill_runtime.errors import RequestError
from distill_runtime.latents.sliders import check_positions, latent_vector

LATENT, AUDIO = "latent", "audio"
MODES = (LATENT, AUDIO)
MAX_MODELS = 4


class BlendEngine:
    """What up to four artifacts sound like together.

    Args:
        artifacts: One to four; the first plays a latent blend.
        weights: One for each artifact, see `normalized_weights`.
        mode: "latent" or "audio".

    Attributes:
        given_weights: As they were given: to be kept where the blend is to be made again, for
            normalising what is normal already may change a last bit.
        weights: Normalised, their sum is 1.
        sliders: The union of the models' sliders, see `union_sliders`.

    Raises:
        RequestError: There are too few or too many artifacts, a weight or the mode is none, or
            the models' latent vectors are of different sizes and cannot be averaged.
    """

    def __init__(
        self, artifacts: Sequence[Artifact], weights: Sequence[float], mode: str = LATENT
    ) -> None:
        if not 1 <= len(artifacts) <= MAX_MODELS:
            raise RequestError(
                f"there are {len(artifacts)} models to blend, expected 1 to {MAX_MODELS}"
            )
        if len(weights) != len(artifacts):
            raise RequestError(
                f"there are {len(weights)} weights for {len(artifacts)} models, expected one each"
            )
        if mode not in MODES:
            raise RequestError(f"the blend mode is {mode!r}, expected {' or '.join(MODES)}")
        self.artifacts = tuple(artifacts)
        self.weights = normalized_weights(weights)
        self.given_weights = tuple(map(float, weights))
        self.mode = mode
        self.sliders = union_sliders([artifact.sliders for artifact in artifacts])
        if mode == LATENT:
            for other in self.artifacts[1:]:
                _check_same_size(self.artifacts[0], other)

    def latent_vectors(self, positions: Sequence[int] | None = None) -> tuple[Float32Array, ...]:
        """Return the vector at which each model's own sliders stand.

        Args:
            positions: One for each of `sliders`; position i is that of slider i of every model
                that has one. None: all stand at 0.

        Returns:
            `[latent_dim]` for each model; zeros for a model without sliders.

        Raises:
            RequestError: The positions are not right for these sliders.
        """
        asked = [0] * len(self.sliders) if positions is None else positions
        checked = check_positions(self.sliders, asked)
        vectors = []
        for artifact in self.artifacts:
            bank = artifact.metadata.sliders
            if bank is None:
                vectors.append(np.zeros(artifact.latent_dim, np.float32))
            else:
                vectors.append(latent_vector(bank, checked[: len(bank.sliders)]))
        return tuple(vectors)

    def latent_vector(self, positions: Sequence[int] | None = None) -> Float32Array:
        """Return the average of the models' vectors, which the first model is to play.

        Args:
            positions: As for `latent_vectors`.

        Returns:
            `[latent_dim]`.

        Raises:
            RequestError: The mode is not "latent", or the positions are not right.
        """
        if self.mode != LATENT:
            raise RequestError(
                f"the blend mode is {self.mode!r}, in which every model plays its own latent vector"
            )
        # In float64, so that a model blended with itself is itself to the last bit.
        total = np.zeros(self.artifacts[0].latent_dim)
        for weight, vector in zip(self.weights, self.latent_vectors(positions), strict=True):
            total += weight * vector.astype(np.float64)
        return total.astype(np.float32)

    def mix(self, sounds: Sequence[npt.NDArray[np.floating]]) -> Float32Array:
        """Average finished sounds, or blocks of them that begin at the same sample.

        Args:
            sounds: `[channels, samples]` of each model, in their order; shorter ones are taken
                to end in silence.

        Returns:
            `[channels, samples]`, as long as the longest. Its peak is not normalised.

        Raises:
            RequestError: There are not as many sounds as models, or they differ in channels.
        """
        if len(sounds) != len(self.artifacts):
            raise RequestError(
                f"there are {len(sounds)} sounds to mix, expected one for each of the "
                f"{len(self.artifacts)} models"
            )
        shapes = [sound.shape for sound in sounds]
        if any(len(shape) != 2 or shape[0] != shapes[0][0] for shape in shapes):
            raise RequestError(
                f"the sounds to mix have the shapes {', '.join(map(str, shapes))}, "
                "expected [channels, samples] with the same channels"
            )
        total = np.zeros((shapes[0][0], max(shape[1] for shape in shapes)))
        for weight, sound in zip(self.weights, sounds, strict=True):
            total[:, : sound.shape[1]] += weight * sound.astype(np.float64)
        return total.astype(np.float32)


def normalized_weights(weights: Sequence[float]) -> tuple[float, ...]:
    """Return weights whose sum is 1, in the same proportions.

    Args:
        weights: At least one, each 0 or more; all 0 means equal.

    Raises:
        RequestError: There is none, or one is negative, NaN, infinite or no number.
    """
    if not len(weights):
        raise RequestError("there are no weights, expected one for each model to blend")
    checked = [_check_weight(weight) for weight in weights]
    # Relative to the largest first: the sum of large weights could be infinite.
    largest = max(checked)
    relative = [weight / largest if largest else 1.0 for weight in checked]
    total = math.fsum(relative)
    return tuple(weight / total for weight in relative)


def union_sliders(models: Sequence[Sequence[Slider]]) -> tuple[Slider, ...]:
    """Return the sliders that move several models at once, by index.

    Slider i is called as in the first model that has one, and its ranges are those in which
    every model's slider i is allowed, safe or tolerable.

    Args:
        models: The sliders of each model.
    """
    union = []
    for index in range(max(map(len, models), default=0)):
        same = [sliders[index] for sliders in models if index < len(sliders)]
        union.append(
            replace(
                same[0],
                min_step=max(slider.min_step for slider in same),
                max_step=min(slider.max_step for slider in same),
                safe_min_step=max(slider.safe_min_step for slider in same),
                safe_max_step=min(slider.safe_max_step for slider in same),
                warning_min_step=max(slider.warning_min_step for slider in same),
                warning_max_step=min(slider.warning_max_step for slider in same),
            )
        )
    return tuple(union)


def parse_blend(text: str) -> tuple[Path, float]:
    r"""Read `FILE:WEIGHT`, split at the last colon.

    The weight cannot be left out, so that neither a drive letter (`C:\sea.onnx`) nor a mistyped
    number is ever taken for a part of the file's name.

    Raises:
        RequestError: It is not of this form, or the weight is none.
    """
    file, _, number = text.rpartition(":")
    try:
        weight = float(number)
    except ValueError:
        weight = None
    if weight is None or not file.strip():
        raise RequestError(
            f"the model to blend is {text!r}, expected FILE:WEIGHT, as in other.onnx:40"
        )
    return Path(file), _check_weight(weight)


def _check_weight(weight: object) -> float:
    """Return a weight as a plain float."""
    expected = "expected a finite number, 0 or more"
    if isinstance(weight, bool | np.bool_) or not isinstance(weight, numbers.Real):
        raise RequestError(f"the blend weight is {weight!r}, {expected}")
    try:
        value = float(weight)
    except OverflowError:
        value = math.inf
    if not 0.0 <= value < math.inf:
        raise RequestError(f"the blend weight is {value:g}, {expected}")
    return value


def _check_same_size(first: Artifact, other: Artifact) -> None:
    if first.latent_dim != other.latent_dim:
        raise RequestError(
            f"{_described(first)} and {_described(other)} cannot be averaged: "
            "blend them in audio mode"
        )


def _described(artifact: Artifact) -> str:
    name, size = artifact.metadata.model.name, artifact.latent_dim
    return f"{artifact.path} (model {name!r}, latent vectors of {size} values)"
