"""A latent trajectory to one long spectrogram: decoded chunks, cross-faded by overlap-add."""

from __future__ import annotations

from collections.abc import Callable

import torch


def synthesize_continuous_mel(
    decode: Callable[[torch.Tensor], torch.Tensor],
    trajectory: torch.Tensor,
    *,
    chunk_frames: int = 94,
    hop_frames: int = 47,
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
