"""A loaded artifact: latent vectors and a state in, audio and the next state out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from distill_runtime import contract
from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.call_size import VOICES_ON_CUDA, rows_per_call, split_steps
from distill_runtime.artifact.file import ArtifactFile, CheckedModel, Source
from distill_runtime.artifact.scan.constants import check_arrays, check_finite
from distill_runtime.artifact.session import Graph, SessionOptions, open_session_from_bytes
from distill_runtime.contract import RECONSTRUCTIONS, ArtifactMetadata, Control, Landmarks, Slider
from distill_runtime.errors import ArtifactError, BackendError, RequestError
from distill_runtime.files.checks import whole
from distill_runtime.latents.trajectory import check_vector

if TYPE_CHECKING:
    from distill_runtime.artifact.trusted.trusted_graph import TrustedGraph


class Artifact:
    """An artifact in onnxruntime, ready to play.

    It holds no stream's state, so several threads may use one `Artifact` at the same time, each for
    streams of its own: `step`, `stream` and `render` may run side by side and share onnxruntime's
    threads, and what a call returns does not depend on what else runs. An iterator that `stream`
    returned belongs to one thread at a time, as any generator does.
    """

    def __init__(
        self,
        file: ArtifactFile,
        graph: Graph,
        options: SessionOptions,
        *,
        sha256: str,
        bounds: TrustedGraph | None = None,
    ) -> None:
        self.file = file
        self.options = options
        self.sha256 = sha256
        self._graph = graph
        self._bounds = bounds

    @classmethod
    def load(
        cls, source: Source, *, options: SessionOptions | None = None, trust: bool = False
    ) -> Artifact:
        """Check an artifact and load it.

        Args:
            source: Where it is, or its bytes.
            options: How onnxruntime is to run it.
            trust: Whether a graph that distill-export did not write may be loaded: for files of
                which you know where they come from. What such a graph asks for is bounded
                (docs/artifact.md), and no more is promised.

        Raises:
            UnknownStructureError: Its graph is not one that distill-export wrote.
            ArtifactError: There is no such file, or it is not an artifact that this version plays.
            DependencyError: onnxruntime is not installed.
        """
        options = options or SessionOptions()
        checked = CheckedModel.read(source, trust=trust)
        with ThreadPoolExecutor(1) as beside:  # hashing takes half as long as loading
            hashed = beside.submit(lambda: hashlib.sha256(checked.data).hexdigest())
            try:
                if checked.file.structure is not None:
                    check_finite(checked.graph, checked.data)
                    check_arrays(checked.file.structure, checked.data)
                graph = Graph(open_session_from_bytes(checked.data, options))
            except ArtifactError as error:
                raise type(error)(f"{checked.file.path}: {error}") from None
        return cls(checked.file, graph, options, sha256=hashed.result(), bounds=checked.bounds)

    @property
    def path(self) -> Path:
        """Where the artifact was loaded from; of one in memory, only `name`."""
        return self.file.path

    @property
    def name(self) -> str:
        """The file's name, without its folder; of an artifact in memory, its model's."""
        return self.file.name

    @property
    def is_known(self) -> bool:
        """Whether its graph is one that distill-export writes; if not, it was trusted."""
        return self._bounds is None

    @property
    def metadata(self) -> ArtifactMetadata:
        """What the artifact says of itself."""
        return self.file.metadata

    @property
    def provider(self) -> str:
        """What really runs the graph: "cpu" or "cuda"."""
        return self._graph.provider

    def weights_sha256(self) -> str:
        """Hash the weights, as the file has them, for comparison with the metadata.

        Raises:
            ArtifactError: The file is gone, or it is not the one that was loaded.
        """
        if self.file.sha256() != self.sha256:
            raise ArtifactError(f"{self.path}: it was changed since it was loaded: load it again")
        return self.file.weights_sha256()

    @property
    def sample_rate_hz(self) -> int:
        """Sampling rate of the audio."""
        return self.metadata.audio.sample_rate_hz

    @property
    def latency_samples(self) -> int:
        """Samples of silence that every stream starts with."""
        return self.metadata.latency_samples

    @property
    def voices_per_call(self) -> int:
        """Rows to render side by side at the most, see `contract.Reconstruction`; more on a GPU."""
        most = RECONSTRUCTIONS[self.metadata.reconstruction].voices_per_call
        return most if self.provider == "cpu" or most == 1 else VOICES_ON_CUDA

    def steps_per_call(self, batch: int) -> int:
        """Return how many steps of so many rows make a call efficient where this is played."""
        return max(1, self._rows_per_call // batch)

    def voices_of(self, steps: int) -> int:
        """Return how many rows of so many steps to render side by side.

        On a CPU no more than fill a call; `voices_per_call` at the most.
        """
        most = self.voices_per_call
        return max(1, min(most, self._rows_per_call // steps)) if self.provider == "cpu" else most

    @property
    def _rows_per_call(self) -> int:
        return rows_per_call(self.provider, self.options.resolved_threads)

    @property
    def sliders(self) -> tuple[Slider, ...]:
        """The model's sliders, in the order of their indices; empty if it has none."""
        bank = self.metadata.sliders
        return () if bank is None else bank.sliders

    @property
    def controls(self) -> tuple[Control, ...]:
        """The directions that are named by what is heard; empty where none was found or sought."""
        return self.metadata.controls

    @property
    def landmarks(self) -> Landmarks | None:
        """Where its recordings lie in the latent space; None where nobody looked."""
        return self.metadata.landmarks

    @property
    def latent_dim(self) -> int:
        """Length of a latent vector."""
        return self.metadata.latent_dim

    def check_latent_vector(self, vector: npt.ArrayLike) -> Float32Array:
        """Return a latent vector `[latent_dim]` as float32.

        Raises:
            RequestError: It is not a row of finite numbers, or of another length.
        """
        checked = check_vector(vector)
        if len(checked) != self.latent_dim:
            raise RequestError(
                f"the latent vector has {len(checked)} values, {self.name} expects "
                f"{self.latent_dim}"
            )
        return checked

    def initial_state(self, batch: int = 1) -> Float32Array:
        """Return the state `[batch, state_size]` that starts a stream in every row.

        Raises:
            RequestError: The batch is not a whole number, at least 1.
        """
        rows = whole(batch)
        if rows is None or rows < 1:
            raise RequestError(f"batch must be a whole number, at least 1, not {batch!r}")
        return np.zeros((rows, self.metadata.state_size), np.float32)

    def step(
        self, latents: Float32Array, state: Float32Array, *, finish: bool = False
    ) -> tuple[Float32Array, Float32Array]:
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
            ArtifactError: The graph does not keep the contract's sizes.
            BackendError: onnxruntime failed, or the audio is not finite.
        """
        latents = self._latents(latents)
        state = self._checked(state, contract.STATE, ("batch",), self.metadata.state_size)
        if latents.shape[0] != state.shape[0]:
            raise RequestError(
                f"latents have {latents.shape[0]} rows and the state has {state.shape[0]}: "
                "both need one for each voice"
            )
        if not isinstance(finish, bool | np.bool_):
            raise RequestError(f"finish must be True or False, not {finish!r}")
        self._check_call(latents, finish=bool(finish))
        audio, next_state = self._graph.run(latents, state, finish=bool(finish))
        if next_state.shape != state.shape:
            raise ArtifactError(
                f"{self.path}: it answers with a state {list(next_state.shape)}, "
                f"not {list(state.shape)}"
            )
        return self._checked_audio(audio, latents, finish=bool(finish)), next_state

    def stream(self, latents: Iterable[Float32Array]) -> Iterator[Float32Array]:
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
        blocks = map(self._latents, latents)
        block = next(blocks, None)
        if block is None:
            raise RequestError("there is no latent vector to play: one step is the least")
        play = self._player(len(block))
        while block is not None:
            following = next(blocks, None)
            yield play(block, following is None)
            block = following

    def render(self, latents: Float32Array) -> Float32Array:
        """Play a whole trajectory at once.

        Args:
            latents: `[batch, steps, latent_dim]`.

        Returns:
            Audio `[batch, 24064 * (steps + 1)]`, without the latency.

        Raises:
            RequestError: The shape is not as above.
            BackendError: onnxruntime failed.
        """
        latents = self._latents(latents)
        blocks = split_steps(latents, self.steps_per_call(len(latents)))
        audio = np.concatenate(list(self.stream(blocks)), axis=1)
        return audio[:, self.latency_samples :]

    def _player(self, batch: int) -> Callable[[Float32Array, bool], Float32Array]:
        """Return what plays the next block `[batch, steps, latent_dim]` of a new stream."""
        state = self.initial_state(batch)
        if self.provider == "cuda":
            bound = self._graph.bind(state)

            def play_bound(block: Float32Array, finish: bool) -> Float32Array:
                self._check_call(block, finish=finish)
                return self._checked_audio(bound.step(block, finish), block, finish=finish)

            return play_bound

        def play(block: Float32Array, finish: bool) -> Float32Array:
            nonlocal state
            audio, state = self.step(block, state, finish=finish)
            return audio

        return play

    def _check_call(self, latents: Float32Array, *, finish: bool) -> None:
        """See that a call of a graph that was only trusted asks for no more than is bearable."""
        if self._bounds is not None:
            try:
                self._bounds.check_call(*latents.shape[:2], finish)
            except ArtifactError as error:
                raise ArtifactError(f"{self.path}: {error}") from None

    def _checked_audio(
        self, audio: Float32Array, latents: Float32Array, *, finish: bool
    ) -> Float32Array:
        """Return what the graph made of latent vectors, if it is what the contract says."""
        samples = self.metadata.audio.step_samples * (latents.shape[1] + finish)
        samples += self.latency_samples * finish
        if audio.shape != (len(latents), samples):
            raise ArtifactError(
                f"{self.path}: it answers with audio {list(audio.shape)}, "
                f"not {[len(latents), samples]}"
            )
        if not np.isfinite(audio).all():
            raise BackendError(
                f"{self.path}: it plays NaN or infinite samples: the file may be damaged "
                "(distill-run verify), or the latent vectors far too large"
            )
        return audio

    def _latents(self, latents: Float32Array) -> Float32Array:
        return self._checked(latents, contract.LATENTS, ("batch", "steps"), self.latent_dim)

    @staticmethod
    def _checked(
        value: Float32Array, name: str, leading: tuple[str, ...], last: int
    ) -> Float32Array:
        shape = f"[{', '.join((*leading, str(last)))}]"
        try:
            array = np.asarray(value)
        except ValueError:
            raise RequestError(f"{name} must be float32 {shape}, not rows of many sizes") from None
        if array.dtype.kind != "f":
            raise RequestError(f"{name} must be float32 {shape}, not {array.dtype}")
        if array.ndim != len(leading) + 1 or array.shape[-1] != last or 0 in array.shape:
            raise RequestError(f"{name} must have the shape {shape}, not {list(array.shape)}")
        with np.errstate(over="ignore"):  # what is beyond float32 is infinite, and refused
            array = np.ascontiguousarray(array, np.float32)
        if not np.isfinite(array).all():
            raise RequestError(f"{name} must be finite numbers, some are NaN or infinite")
        return array
