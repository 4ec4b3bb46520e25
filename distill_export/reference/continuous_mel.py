"""A latent trajectory to one long spectrogram: decoded chunks, cross-faded by overlap-add."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch

from distill_export.reference.audio_spectrogram import AudioSpectrogram
from distill_runtime.contract import CHUNK_FRAMES, HOP_FRAMES, SAMPLE_RATE_HZ
from distill_runtime.errors import RequestError


class Model(Protocol):
    """What generation asks of a model: its latent size, its decoder, and whether it is trained."""

    training: bool

    @property
    def latent_dim(self) -> int:
        """Values of a latent vector."""

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Decode `[batch, latent_dim]` to `[batch, 2, n_mels, frames]`, normalised units."""

    def train(self) -> object:
        """Switch to training."""

    def eval(self) -> object:
        """Switch to inference."""


def synthesize_continuous_mel(
    model: Model,
    spectrogram: AudioSpectrogram,
    latent_trajectory: Sequence[torch.Tensor],
    chunk_samples: int = SAMPLE_RATE_HZ,
) -> torch.Tensor:
    """Decode a trajectory one step at a time, as Distill does.

    Args:
        model: Decodes the steps; it is left in the mode it was in.
        spectrogram: Says how many frames a chunk has.
        latent_trajectory: `[1, latent_dim]` each, at least one, where the model is.
        chunk_samples: Length of a chunk in samples; the next chunk starts half a chunk later.

    Returns:
        `[1, 2, n_mels, total_frames]` on the CPU, normalised units.

    Raises:
        RequestError: The trajectory is empty, or a chunk is longer than what the model decodes.
    """
    if not len(latent_trajectory):
        raise RequestError("the latent trajectory is empty, expected at least one step")
    n_mels, chunk_frames = spectrogram.get_mel_shape(chunk_samples)

    def decode(z: torch.Tensor) -> torch.Tensor:
        chunk = model.decode(z)[..., :n_mels, :chunk_frames].cpu()
        if chunk.shape[-1] < chunk_frames:
            raise RequestError(
                f"a chunk of {chunk_samples} samples has {chunk_frames} frames, and the model "
                f"decodes {chunk.shape[-1]}: give a smaller chunk_samples"
            )
        return chunk

    with _inference(model):
        return decode_trajectory(
            decode,
            torch.cat(list(latent_trajectory)),
            chunk_frames=chunk_frames,
            hop_frames=chunk_frames // 2,
        )


def decode_trajectory(
    decode: Callable[[torch.Tensor], torch.Tensor],
    trajectory: torch.Tensor,
    *,
    chunk_frames: int = CHUNK_FRAMES,
    hop_frames: int = HOP_FRAMES,
) -> torch.Tensor:
    """Decode every step and overlap-add the chunks with a periodic Hann window.

    The sum of windowed chunks is divided by the sum of windows, at least 1e-8: the first frame,
    where the only window is 0, becomes 0. A single step is the chunk itself, without a window.

    Args:
        decode: Latents `[1, latent_dim]` to a chunk `[1, 2, n_mels, chunk_frames]`.
        trajectory: `[steps, latent_dim]`.
        chunk_frames: Frames in a chunk.
        hop_frames: Frames from one chunk's start to the next one's.

    Returns:
        `[1, 2, n_mels, (steps - 1) * hop_frames + chunk_frames]`, normalised units.
    """
    chunks = [decode(step[None])[..., :chunk_frames] for step in trajectory]
    if len(chunks) == 1:
        return chunks[0]
    window = torch.hann_window(chunk_frames, periodic=True, dtype=chunks[0].dtype)
    total_frames = (len(chunks) - 1) * hop_frames + chunk_frames
    summed = chunks[0].new_zeros(*chunks[0].shape[:-1], total_frames)
    weight = window.new_zeros(total_frames)
    for i, chunk in enumerate(chunks):
        frames = slice(i * hop_frames, i * hop_frames + chunk_frames)
        summed[..., frames] += window * chunk
        weight[frames] += window
    return summed / weight.clamp(min=1e-8)


@contextmanager
def _inference(model: Model) -> Iterator[None]:
    """Decode without gradients, dropout and batch statistics, and leave the model as it was."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        if was_training:
            model.train()
