"""A TorchScript or pt2 artifact in PyTorch: latents and a state in, audio and a state out."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.contract import NN_TILDE, PT2, TORCHSCRIPT, ArtifactMetadata
from distill_runtime.errors import ArtifactError, BackendError, RequestError
from distill_runtime.files.shown import shown

BoolArray = npt.NDArray[np.bool_]
# latents [batch, steps, latent_dim], state [batch, state_size], finish [] to audio, next state
Step = Callable[[Float32Array, Float32Array, BoolArray], tuple[Float32Array, Float32Array]]


class TorchArtifact:
    """What `distill_runtime.Artifact` is for ONNX files.

    A TorchScript file is a program: loading it lets it run. The metadata and the checksums say
    whether it is whole, not who made it. Load only files that you trust.
    """

    def __init__(self, file: ArtifactFile, step: Step) -> None:
        self.file = file
        self._step = step

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TorchArtifact:
        """Check a file, then load it and with it the code that it holds: only if you trust it.

        Raises:
            ArtifactError: There is no such file, it is not an artifact of these formats or of this
                version, or it is damaged. Until that is known, nothing of it is run.
        """
        file = whole_file(path, tuple(_LOADERS))
        return cls(file, open_program(file.path, file.format))

    @property
    def metadata(self) -> ArtifactMetadata:
        """What the artifact says of itself."""
        return self.file.metadata

    def initial_state(self, batch: int = 1) -> Float32Array:
        """Return the state `[batch, state_size]` that starts a stream in every row."""
        return np.zeros((batch, self.metadata.state_size), np.float32)

    def step(
        self, latents: Float32Array, state: Float32Array, *, finish: bool = False
    ) -> tuple[Float32Array, Float32Array]:
        """Play the next steps of every row's trajectory.

        Args:
            latents: `[batch, steps, latent_dim]`, at least one step.
            state: `[batch, state_size]`: `initial_state`, or what the call before returned.
            finish: Whether every row's stream ends here.

        Returns:
            Audio `[batch, samples]` and the next state.

        Raises:
            RequestError: A shape is not as above.
            BackendError: PyTorch could not play it.
        """
        sizes = self.metadata.latent_dim, self.metadata.state_size
        batch, steps = (*latents.shape, 0, 0)[:2]
        if (latents.shape, state.shape) != ((batch, steps, sizes[0]), (batch, sizes[1])) or (
            0 in latents.shape
        ):
            raise RequestError(
                f"latents and state must have the shapes [batch, steps, {sizes[0]}] and "
                f"[batch, {sizes[1]}], not {list(latents.shape)} and {list(state.shape)}"
            )
        try:
            return self._step(latents, state, np.array(finish))
        except RuntimeError as error:
            raise BackendError(f"{shown(self.file.path)}: {_last_line(error)}") from None

    def stream(self, latents: Iterable[Float32Array]) -> Iterator[Float32Array]:
        """Play blocks `[batch, steps, latent_dim]` as they arrive; the last one gets the tail.

        Raises:
            RequestError: There is no block, or one is not of the shape above.
            BackendError: PyTorch could not play it.
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

    def render(self, latents: Float32Array) -> Float32Array:
        """Play `[batch, steps, latent_dim]` at once, without the latency."""
        audio, _ = self.step(latents, self.initial_state(len(latents)), finish=True)
        return audio[:, self.metadata.latency_samples :]


def whole_file(path: str | os.PathLike[str], formats: Collection[str]) -> ArtifactFile:
    """Check a file of PyTorch's; nothing of it is run.

    Raises:
        ArtifactError: There is no such file, or it is no whole artifact of these formats.
    """
    file = ArtifactFile.inspect(path, formats=formats)
    if file.weights_sha256() != file.metadata.weights_sha256:
        raise ArtifactError(
            f"{shown(file.path)}: its weights are not the ones that were exported: export it again"
        )
    return file


def load_module(path: Path, format: str) -> nn.Module:
    """Load the module of a file that need not have metadata yet; its code runs.

    Raises:
        ArtifactError: PyTorch cannot load it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit: docs/variants.md
            content = io.BytesIO(path.read_bytes())  # PyTorch opens only paths that are UTF-8
            return _LOADERS[format](content)
    except Exception as error:  # torch raises what its many readers raise
        raise ArtifactError(
            f"{shown(path)}: PyTorch cannot load it ({_last_line(error)})"
        ) from None


def open_program(path: Path, format: str) -> Step:
    """Load a file as `load_module` does, and return its call.

    Raises:
        ArtifactError: PyTorch cannot load it.
    """
    return step_of(load_module(path, format))


def step_of(module: nn.Module) -> Step:
    """Return the contract's call of a module."""

    def step(
        latents: Float32Array, state: Float32Array, finish: BoolArray
    ) -> tuple[Float32Array, Float32Array]:
        inputs = [torch.from_numpy(np.array(value)) for value in (latents, state, finish)]
        with torch.inference_mode():
            audio, next_state = module(*inputs)
        return audio.numpy(), next_state.numpy()

    return step


def _load_torchscript(content: io.BytesIO) -> nn.Module:
    module: nn.Module = torch.jit.load(content, map_location="cpu")
    return module


def _load_pt2(content: io.BytesIO) -> nn.Module:
    return torch.export.load(content).module()


_LOADERS = {
    TORCHSCRIPT: _load_torchscript,
    NN_TILDE: _load_torchscript,  # as a plain function of a state, and not by its own methods
    PT2: _load_pt2,
}


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[-1][:200]
