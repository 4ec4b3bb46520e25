"""Preview sounds: what the model makes of a few seeds, as it learns."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile
import torch

from distill_export.model.vae import ConvVAE
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_export.reference.continuous_mel import decode_trajectory
from distill_runtime.arrays import Float32Array
from distill_runtime.audio.level import normalization_gain, peak
from distill_runtime.contract import SAMPLE_RATE_HZ, Landmarks
from distill_runtime.files.output_file import replacing
from distill_runtime.files.output_folder import make_folder
from distill_runtime.latents.nearness import Pull
from distill_runtime.latents.trajectory import slerp

_SEED = 7
_ANCHORS = 4
_STEPS = 8


@torch.inference_mode()
def render_preview(
    model: ConvVAE,
    statistics: Statistics,
    landmarks: Landmarks | None = None,
    nearness: float = 0.0,
) -> Float32Array:
    """Return four seconds along a path through four random latents, float32 `[samples]`.

    Args:
        model: In eval mode; the path is the same for every model of the same latent size.
        statistics: What its spectrograms are normalised with.
        landmarks: Where its recordings lie; None: nobody looked, and the nearness does not count.
        nearness: How far the path is pulled there, 0 to 1.
    """
    device = next(model.parameters()).device
    anchors = np.random.default_rng(_SEED).standard_normal(
        (_ANCHORS, model.shape.latent_dim), np.float32
    )
    places = np.linspace(0, _ANCHORS - 1, _STEPS)
    first = np.minimum(places.astype(int), _ANCHORS - 2)
    path = np.stack(
        [slerp(anchors[i], anchors[i + 1], t) for i, t in zip(first, places - first, strict=True)]
    ).astype(np.float32)
    if landmarks is not None:
        path = Pull(landmarks)(path, nearness)
    mel = decode_trajectory(lambda z: model.decode(z.to(device)).cpu(), torch.from_numpy(path))
    sound = ComplexSpectrogram().complex_mel_to_waveform(mel, statistics)[0, 0].numpy()
    return at_one_peak(sound)


def at_one_peak(sound: Float32Array) -> Float32Array:
    """Return a sound at the peak that finished sounds have; silence instead of one with NaN."""
    loudest = peak(sound)
    return sound * np.float32(normalization_gain(loudest)) if np.isfinite(loudest) else sound * 0


def write_preview(model: ConvVAE, statistics: Statistics, path: Path) -> None:
    """Write a preview as a WAV.

    Raises:
        OutputError: It could not be written.
    """
    make_folder(path.parent)
    with replacing(path, overwrite=True) as temporary:
        temporary.write_bytes(_wav_bytes(render_preview(model, statistics)))


def _wav_bytes(sound: Float32Array) -> bytes:
    """Return a WAV file of 16 bits."""
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
    return buffer.getvalue()
