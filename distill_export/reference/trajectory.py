"""The latent trajectory of a seed, as Distill draws it with torch's own generator."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from distill_export.reference.audio_spectrogram import AudioSpectrogram
from distill_runtime.contract import SAMPLE_RATE_HZ

# Above this cosine the angle is too small to divide by its sine.
_PARALLEL_COSINE = 0.9995


def slerp(start: torch.Tensor, end: torch.Tensor, t: float) -> torch.Tensor:
    """Interpolate along the arc between two vectors (Shoemake, 1985).

    The angle is taken between the directions, the weights act on the vectors themselves. Vectors
    that are nearly parallel, or opposite, are joined by a straight line.

    Args:
        start: Any shape, where t is 0.
        end: The same shape, where t is 1.
        t: 0..1.

    Returns:
        The same shape.
    """
    directions = start.flatten() / start.norm(), end.flatten() / end.norm()
    cosine = torch.dot(*directions)
    if cosine.abs() > _PARALLEL_COSINE or cosine.isnan():
        return torch.lerp(start, end, t)
    angle = torch.acos(cosine)
    return (torch.sin((1 - t) * angle) * start + torch.sin(t * angle) * end) / torch.sin(angle)


def steps_for_chunks(
    spectrogram: AudioSpectrogram, num_chunks: int, chunk_samples: int = SAMPLE_RATE_HZ
) -> int:
    """Return how many chunks that overlap by half cover so many that do not."""
    _, chunk_frames = spectrogram.get_mel_shape(chunk_samples)
    _, frames = spectrogram.get_mel_shape(num_chunks * chunk_samples)
    return max(1, math.ceil((frames - chunk_frames) / (chunk_frames // 2)) + 1)


def crossfade_trajectory(
    latent_dim: int, *, seed: int, num_chunks: int, steps: int, device: torch.device | str = "cpu"
) -> list[torch.Tensor]:
    """Walk between random anchors, one for each chunk and at least two.

    Args:
        latent_dim: Values of a latent vector.
        seed: Of the anchors.
        num_chunks: Chunks that do not overlap.
        steps: How many vectors to return.
        device: Where they shall be; they are drawn on the CPU, so that a seed is the same anywhere.

    Returns:
        `[1, latent_dim]` for each step.
    """
    generator = torch.Generator().manual_seed(seed)
    anchors = [torch.randn(1, latent_dim, generator=generator) for _ in range(max(2, num_chunks))]
    return [vector.to(device) for vector in _walk(anchors, steps)]


def evolving_trajectory(
    vector: torch.Tensor, *, seed: int, num_chunks: int, steps: int, evolution: float
) -> list[torch.Tensor]:
    """Start from a vector and drift from it.

    Each of the further anchors, two for three chunks, lies on the way from the vector to a random
    one, `evolution` of that way.

    Args:
        vector: `[latent_dim]`.
        seed: Of the random vectors.
        num_chunks: Chunks that do not overlap.
        steps: How many vectors to return.
        evolution: 0 (every step is the vector) to 1.

    Returns:
        `[1, latent_dim]` for each step, where the vector is.
    """
    start = vector.cpu()[None]
    if steps == 1 or evolution == 0:
        return [vector[None]] * steps
    generator = torch.Generator().manual_seed(seed)
    anchors = [start]
    for _ in range(max(2, (2 * num_chunks + 2) // 3) - 1):
        anchors.append(slerp(start, torch.randn(start.shape, generator=generator), evolution))
    return [step.to(vector.device) for step in _walk(anchors, steps)]


def _walk(anchors: Sequence[torch.Tensor], steps: int) -> list[torch.Tensor]:
    """Spread steps evenly from the first anchor to the last; a single one is the first."""
    if steps == 1:
        return [anchors[0]]
    path = []
    for step in range(steps):
        position = step / (steps - 1) * (len(anchors) - 1)
        before = min(int(position), len(anchors) - 2)
        path.append(slerp(anchors[before], anchors[before + 1], position - before))
    return path
