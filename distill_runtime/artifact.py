"""A loaded artifact: latent vectors and a state in, audio and the next state out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from distill_runtime import contract
from distill_runtime.artifact_file import ArtifactFile
from distill_runtime.contract import ArtifactMetadata
from distill_runtime.errors import RequestError
from distill_runtime.session import SessionOptions, open_session, run_session

if TYPE_CHECKING:
    import onnxruntime

Array = npt.NDArray[np.float32]

# The first layers read all their weights for every call, so a call wants many steps; the last
# ones fill the cache, so not too many (docs/performance.md).
_STEPS_PER_CALL = 8


class Artifact:
    """An artifact in onnxruntime, ready to play.

    It holds no stream's state, so several threads may use one `Artifact` at the same time.
    """

    def __init__(self, file: ArtifactFile, session: onnxruntime.InferenceSession) -> None:
        self.file = file
        self._session = session

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, options: SessionOptions | None = None
    ) -> Artifact:
        """Check a file and load it.

        Raises:
            ArtifactError: There is no such file, or it is not an artifact that this version plays.
            DependencyError: onnxruntime is not installed.
        """
        file = ArtifactFile.inspect(path)
        return cls(file, open_session(file.path, options or SessionOptions()))

    @property
    def path(self) -> Path:
        """Where the artifact was loaded from."""
        return self.file.path

    @property
    def metadata(self) -> ArtifactMetadata:
        """What the artifact says of itself."""
        return self.file.metadata

    @property
    def sample_rate_hz(self) -> int:
        """Sampling rate of the audio."""
        return self.metadata.audio.sample_rate_hz

    @property
    def latency_samples(self) -> int:
        """Samples of silence that every stream starts with."""
        return self.metadata.latency_samples

    def initial_state(self, batch: int = 1) -> Array:
        """Return the state `[batch, state_size]` that starts a stream in every row."""
        return np.zeros((batch, self.metadata.state_size), np.float32)

    def step(self, latents: Array, state: Array, *, finish: bool = False) -> tuple[Array, Array]:
        """Play the next steps of every row's trajectory.

        Args:
            latents: `[batch, steps, latent_dim]`, finite, at least one step.
            state: `[batch, state_size]`: `initial_state`, or what the call before returned.
            finish: Whether every row's stream ends here, so that its tail is to be flushed.

        Returns:
            Audio `[batch, samples]`, 24,064 samples a step and, with `finish`, 24,064 and the
            latency more; and the next state, zeros after `finish`.

        Raises:
            RequestError: A shape, a type or a value is not as above.
            BackendError: onnxruntime failed.
        """
        latents = self._checked(latents, contract.LATENTS, ("batch", "steps"), self.latent_dim)
        state = self._checked(state, contract.STATE, ("batch",), self.metadata.state_size)
        if latents.shape[0] != state.shape[0]:
            raise RequestError(
                f"latents have {latents.shape[0]} rows and the state has {state.shape[0]}: "
                "both need one for each voice"
            )
        if not isinstance(finish, bool | np.bool_):
            raise RequestError(f"finish must be True or False, not {finish!r}")
        feeds = {
            contract.LATENTS: latents,
            contract.STATE: state,
            contract.FINISH: np.array(finish, bool),
        }
        audio, next_state = run_session(self._session, [contract.AUDIO, contract.NEXT_STATE], feeds)
        return audio, next_state

    @property
    def latent_dim(self) -> int:
        """Length of a latent vector."""
        return self.metadata.latent_dim

    def stream(self, latents: Iterable[Array]) -> Iterator[Array]:
        """Play trajectories as they arrive, block by block, in constant memory.

        The audio is the graph's own: not filtered, not normalised, not cut. Its first
        `latency_samples` are silence. How the trajectory is cut into blocks changes nothing but
        the blocks.

        Args:
            latents: Blocks `[batch, steps, latent_dim]`, all of one batch size. The last one is
                recognised by the end of the iterable, so a block is played when the next arrives.

        Yields:
            Audio `[batch, samples]` for each block, the last with the tail.

        Raises:
            RequestError: There is no block, or one is not of the shape above.
            BackendError: onnxruntime failed.
        """
        blocks = iter(latents)
        block = next(blocks, None)
        if block is None:
            raise RequestError("there is no latent vector to play: one step is the least")
        state = self.initial_state(len(block))
        while block is not None:
            following = next(blocks, None)
            audio, state = self.step(block, state, finish=following is None)
            yield audio
            block = following

    def render(self, latents: Array) -> Array:
        """Play a whole trajectory at once.

        Args:
            latents: `[batch, steps, latent_dim]`.

        Returns:
            Audio `[batch, 24064 * (steps + 1)]`, without the latency.

        Raises:
            RequestError: The shape is not as above.
            BackendError: onnxruntime failed.
        """
        latents = self._checked(latents, contract.LATENTS, ("batch", "steps"), self.latent_dim)
        audio = np.concatenate(list(self.stream(split_steps(latents))), axis=1)
        return audio[:, self.latency_samples :]

    @staticmethod
    def _checked(value: Array, name: str, leading: tuple[str, ...], last: int) -> Array:
        array = np.asarray(value)
        shape = f"[{', '.join((*leading, str(last)))}]"
        if array.dtype.kind != "f":
            raise RequestError(f"{name} must be float32 {shape}, not {array.dtype}")
        if array.ndim != len(leading) + 1 or array.shape[-1] != last or 0 in array.shape:
            raise RequestError(f"{name} must have the shape {shape}, not {list(array.shape)}")
        array = np.ascontiguousarray(array, np.float32)
        if not np.isfinite(array).all():
            raise RequestError(f"{name} must be finite numbers, some are NaN or infinite")
        return array


def split_steps(latents: Array, steps: int = _STEPS_PER_CALL) -> Iterator[Array]:
    """Cut `[batch, all steps, latent_dim]` into blocks of at most `steps` steps."""
    for start in range(0, latents.shape[1], steps):
        yield latents[:, start : start + steps]
