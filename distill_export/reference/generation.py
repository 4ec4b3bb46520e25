"""Distill's generation in plain PyTorch: from a seed to a finished sound.

What the runtime plays is held against this. It takes one decoder step at a time and computes in
float32 where Distill does, but for the phase (complex_spectrogram.py).
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from distill_export.reference.audio_spectrogram import AudioSpectrogram
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_export.reference.continuous_mel import Model, synthesize_continuous_mel
from distill_export.reference.generation_config import GenerationConfig
from distill_export.reference.resample import resample
from distill_export.reference.spatial import SpatialMode, deepen, widen
from distill_export.reference.trajectory import (
    crossfade_trajectory,
    evolving_trajectory,
    steps_for_chunks,
)
from distill_runtime.arrays import Float32Array
from distill_runtime.audio.level import normalization_gain
from distill_runtime.audio.lowpass import lowpass
from distill_runtime.contract import SAMPLE_RATE_HZ
from distill_runtime.errors import RequestError
from distill_runtime.latents.seeds import check_seed
from distill_runtime.latents.trajectory import check_vector

_DRAWN_SEEDS = 2**31


@dataclass(frozen=True, eq=False)
class GenerationResult:
    """A finished sound.

    Attributes:
        audio: float32 `[samples]`, or `[2, samples]` of stereo.
        sample_rate: In Hz.
        config: What was asked for.
        seed_used: The seed, also where none was asked for.
        duration_s: The sound's own length, which may be some milliseconds less than asked for.
        channels: 1 or 2.
    """

    audio: Float32Array
    sample_rate: int
    config: GenerationConfig
    seed_used: int
    duration_s: float
    channels: int


class GenerationPipeline:
    """Generates finished sounds as Distill does.

    Args:
        model: Decodes.
        spectrogram: Says how many frames a chunk has.
        device: Where the model is.
        complex_spectrogram: Reconstructs the waveform; by default as for every model.
        normalization_stats: From the model's units to the sound's; None: they are the same.
    """

    def __init__(
        self,
        model: Model,
        spectrogram: AudioSpectrogram,
        device: torch.device | str,
        complex_spectrogram: ComplexSpectrogram | None = None,
        normalization_stats: Statistics | None = None,
    ) -> None:
        self.model = model
        self.spectrogram = spectrogram
        self.device = device
        self.complex_spectrogram = complex_spectrogram or ComplexSpectrogram()
        self.normalization_stats = normalization_stats

    def generate(self, config: GenerationConfig) -> GenerationResult:
        """Generate a sound: chunks, low-pass, stereo, level, sampling rate, and at last the cut.

        The level is that of all that was rendered, so the peak of what the cut leaves may be lower.

        Raises:
            RequestError: A setting is out of bounds, or the latent vector does not fit the model.
        """
        config.validate()
        seed = secrets.randbelow(_DRAWN_SEEDS) if config.seed is None else check_seed(config.seed)
        spatial = config.get_spatial_config()
        seeds = (seed, seed + 1) if config.is_dual_seed else (seed,)
        sounds = np.stack([self._render(config, row_seed) for row_seed in seeds])
        sound = torch.from_numpy(lowpass(sounds).astype(np.float32))
        if spatial.mode == SpatialMode.STEREO:
            sound = deepen(
                sound if config.is_dual_seed else widen(sound[0], spatial.width), spatial.depth
            )
        sound = sound * normalization_gain(float(sound.abs().max()))
        sound = resample(sound, config.sample_rate)[
            :, : int(config.duration_s * config.sample_rate)
        ]
        return GenerationResult(
            audio=(sound[0] if len(sound) == 1 else sound).numpy(),
            sample_rate=config.sample_rate,
            config=config,
            seed_used=seed,
            duration_s=sound.shape[1] / config.sample_rate,
            channels=len(sound),
        )

    def _render(self, config: GenerationConfig, seed: int) -> Float32Array:
        """Return `[samples]` at 48 kHz, as the inverse STFT gives it."""
        num_chunks = math.ceil(config.duration_s / config.chunk_duration_s)
        chunk_samples = int(config.chunk_duration_s * SAMPLE_RATE_HZ)
        if config.latent_vector is None:
            return generate_chunks_crossfade(
                self.model,
                self.spectrogram,
                num_chunks,
                self.device,
                seed,
                chunk_samples,
                complex_spectrogram=self.complex_spectrogram,
                normalization_stats=self.normalization_stats,
            )
        vector = check_vector(config.latent_vector)
        if len(vector) != self.model.latent_dim:
            raise RequestError(
                f"the latent vector has {len(vector)} values, the model expects "
                f"{self.model.latent_dim}"
            )
        trajectory = evolving_trajectory(
            torch.from_numpy(vector).to(self.device),
            seed=seed,
            num_chunks=num_chunks,
            steps=steps_for_chunks(self.spectrogram, num_chunks, chunk_samples),
            evolution=config.evolution_amount,
        )
        return _waveform(
            self.model,
            self.spectrogram,
            trajectory,
            chunk_samples,
            self.complex_spectrogram,
            self.normalization_stats,
        )


def generate_chunks_crossfade(
    model: Model,
    spectrogram: AudioSpectrogram,
    num_chunks: int,
    device: torch.device | str,
    seed: int | None,
    chunk_samples: int = SAMPLE_RATE_HZ,
    overlap_samples: int = 2400,
    complex_spectrogram: ComplexSpectrogram | None = None,
    normalization_stats: Statistics | None = None,
) -> Float32Array:
    """Generate a sound that wanders between random anchors, one for each chunk.

    Args:
        model: Decodes.
        spectrogram: Says how many frames a chunk has.
        num_chunks: Length in chunks.
        device: Where the model is.
        seed: Of the anchors; None: one is drawn.
        chunk_samples: Length of a chunk in samples.
        overlap_samples: Not looked at, in Distill neither: chunks overlap by half their frames.
        complex_spectrogram: Reconstructs the waveform; by default as for every model.
        normalization_stats: From the model's units to the sound's; None: they are the same.

    Returns:
        `[samples]` at 48 kHz, as the inverse STFT gives it: not filtered, normalised or cut.
    """
    if num_chunks < 1:
        raise RequestError(f"num_chunks is {num_chunks!r}, expected at least 1")
    trajectory = crossfade_trajectory(
        model.latent_dim,
        seed=secrets.randbelow(_DRAWN_SEEDS) if seed is None else check_seed(seed),
        num_chunks=num_chunks,
        steps=steps_for_chunks(spectrogram, num_chunks, chunk_samples),
        device=device,
    )
    return _waveform(
        model, spectrogram, trajectory, chunk_samples, complex_spectrogram, normalization_stats
    )


def generate_chunks_latent_interp(
    model: Model,
    spectrogram: AudioSpectrogram,
    num_chunks: int,
    device: torch.device | str,
    seed: int | None,
    chunk_samples: int = SAMPLE_RATE_HZ,
    steps_between: int = 10,
    complex_spectrogram: ComplexSpectrogram | None = None,
    normalization_stats: Statistics | None = None,
) -> Float32Array:
    """Generate what `generate_chunks_crossfade` does: Distill has two names for the same sound.

    `steps_between` is not looked at, in Distill neither.
    """
    return generate_chunks_crossfade(
        model,
        spectrogram,
        num_chunks,
        device,
        seed,
        chunk_samples,
        complex_spectrogram=complex_spectrogram,
        normalization_stats=normalization_stats,
    )


def _waveform(
    model: Model,
    spectrogram: AudioSpectrogram,
    trajectory: Sequence[torch.Tensor],
    chunk_samples: int,
    complex_spectrogram: ComplexSpectrogram | None,
    normalization_stats: Statistics | None,
) -> Float32Array:
    mel = synthesize_continuous_mel(model, spectrogram, trajectory, chunk_samples)
    transform = complex_spectrogram or ComplexSpectrogram()
    waveform = transform.complex_mel_to_waveform(mel, normalization_stats)
    return np.asarray(waveform[0, 0].numpy(), np.float32)
