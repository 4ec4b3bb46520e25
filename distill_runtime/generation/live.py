"""Playing live: a stream whose next step is decided while it plays."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, whole
from distill_runtime.latents.sliders import (
    SliderPositions,
    check_sliders,
    latent_vector,
    resolve_positions,
)


class LiveStream:
    """An endless sound that follows a latent vector, for a host that plays as it goes.

    A step, 24,064 samples, is rendered when the last one is used up, from wherever the latent
    vector is then: a slider that was moved is heard from the next step on, cross-faded over half a
    second. What has been rendered is given out in blocks of any size. The delay from a move to the
    sound is at most one step and `artifact.latency_samples`.

    `move_to` and `set_sliders` may be called from another thread than `read`.
    """

    def __init__(
        self, artifact: Artifact, *, start: npt.ArrayLike | None = None, gain: float = 1.0
    ) -> None:
        """Set the stream up; nothing is rendered yet.

        Args:
            artifact: What plays.
            start: `[latent_dim]`, the latent vector to begin with; by default where all sliders
                stand at 0, or zeros without sliders.
            gain: What to multiply the model's own level by.

        Raises:
            RequestError: The vector does not fit the model.
        """
        self.artifact = artifact
        self.gain = gain
        self._lock = threading.Lock()  # only one reader renders at a time
        self._state = artifact.initial_state()
        self._rendered = np.zeros(0, np.float32)
        bank = artifact.metadata.sliders
        if start is None:
            start = np.zeros(artifact.latent_dim) if bank is None else np.array(bank.mean)
        self._latent = artifact.check_latent_vector(start)

    @property
    def latent(self) -> Float32Array:
        """The latent vector `[latent_dim]` that the next step is rendered from."""
        return self._latent

    def move_to(self, vector: npt.ArrayLike) -> None:
        """Go to a latent vector `[latent_dim]` with the next step.

        Raises:
            RequestError: The vector does not fit the model.
        """
        self._latent = self.artifact.check_latent_vector(vector)

    def set_sliders(self, positions: SliderPositions) -> None:
        """Go where sliders stand with the next step.

        Args:
            positions: One for each slider, or a mapping from labels or indices; see
                `GenerationConfig.sliders`.

        Raises:
            RequestError: The model has no sliders, or the positions are not right for them.
        """
        bank = self.artifact.metadata.sliders
        if bank is None:
            raise RequestError("this model has no sliders: move to a latent vector instead")
        setting = resolve_positions(bank.sliders, check_sliders(positions))
        self._latent = latent_vector(bank, setting.positions)

    def read(self, samples: int) -> Float32Array:
        """Return the next samples, rendering as many steps as they need.

        Args:
            samples: How many, 0 or more.

        Returns:
            `[samples]`, mono, at the artifact's rate; the stream's first `latency_samples` are
            silence.

        Raises:
            RequestError: It is not a whole number, 0 or more.
            BackendError: onnxruntime failed.
        """
        count = whole(samples)
        if count is None or count < 0:
            raise RequestError(f"the block has {brief(samples)} samples, expected 0 or more")
        with self._lock:
            parts, missing = [self._rendered], count - len(self._rendered)
            while missing > 0:
                audio, self._state = self.artifact.step(self._latent[None, None], self._state)
                parts.append(audio[0] * np.float32(self.gain))
                missing -= audio.shape[1]
            rendered = np.concatenate(parts)
            self._rendered = rendered[count:].copy()
            return rendered[:count]

    def blocks(self, samples: int) -> Iterator[Float32Array]:
        """Yield blocks `[samples]` for ever."""
        while True:
            yield self.read(samples)
